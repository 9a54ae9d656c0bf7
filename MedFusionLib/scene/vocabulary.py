"""The names under which MedFusion leaves its marks on MRML nodes, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass

# Node reference roles, from an output to what it was made of.
SOURCE = "MedFusion.source"  # fused, table -> the aligned volumes it was made of, in order
ORIGINAL = "MedFusion.original"  # aligned volume, transform -> the volume as it was read
FIXED = "MedFusion.fixed"  # aligned volume, transform -> the volume that gives the grid
TRANSFORM = "MedFusion.transform"  # aligned or fused volume -> moving-to-fixed transform
RECORD = "MedFusion.record"  # every output -> the text that says how it was made
METRICS = "MedFusion.metrics"  # fused -> its table of metrics
CHART = "MedFusion.chart"  # table -> the chart that was made of it

# Node attributes.
MODALITY = "MedFusion.modality"
METHOD = "MedFusion.method"  # fused -> the name of the method in the catalog
WINDOWS = "MedFusion.windows"  # fused -> JSON, [lower, upper] of each source that it refers to, in its unit
PURPOSE = "MedFusion.purpose"
VERDICT = "MedFusion.verdict"
COLOURS = "MedFusion.colours"

FOR_LOOKING = "for looking, not for measuring"


@dataclass(frozen=True)
class Code:
    """A coded concept as DICOM writes it: value, scheme and meaning."""

    value: str
    scheme: str
    meaning: str


# Volume.unit -> (what is measured, in which unit), as Slicer's DICOM module codes them.
UNITS: dict[str, tuple[Code, Code]] = {
    "HU": (Code("112031", "DCM", "Attenuation Coefficient"), Code("[hnsf'U]", "UCUM", "Hounsfield unit")),
    "SUV": (Code("126400", "DCM", "Standardized Uptake Value"),
            Code("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight")),
}

OF_UNIT = {"HU": "CT", "SUV": "PET"}  # the modality that a unit alone tells
