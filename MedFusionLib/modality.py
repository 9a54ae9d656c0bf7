"""What MedFusion knows of each modality, as data: role, unit, background, default window and colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["anatomical", "functional"]

#: What voxels can be measured in; anything else is arbitrary, written "".
UNITS = ("HU", "SUV", "Bq/ml")


@dataclass(frozen=True)
class Modality:
    """One modality. ``background`` is the value of air or of nothing, in the modality's unit.

    ``words`` in a file's name tell the modality; ``last_words`` are too short to be trusted anywhere
    but at the end of the name (``pt`` is PET in ``001_pt.nii.gz``, a patient in ``pt01_ct.nii.gz``).
    """

    name: str
    role: Role
    unit: str
    background: float
    window: str
    colour_map: str
    dicom: tuple[str, ...]
    words: tuple[str, ...]
    last_words: tuple[str, ...] = ()


MODALITIES: dict[str, Modality] = {
    entry.name: entry
    for entry in (
        Modality("CT", "anatomical", "HU", -1000.0, "soft tissue", "grey", ("CT",),
                 ("ct", "cbct", "cta", "ncct", "cect", "ldct")),
        Modality("MR", "anatomical", "", 0.0, "robust", "grey", ("MR",),
                 ("mr", "mri", "t1", "t2", "t1w", "t2w", "t1c", "t1ce", "t1gd", "flair", "pdw", "dwi", "adc",
                  "swi"), ("pd",)),
        Modality("PET", "functional", "", 0.0, "robust", "hot iron", ("PT",), ("pet", "fdg", "suv", "suvbw"),
                 ("pt",)),
        Modality("SPECT", "functional", "", 0.0, "robust", "hot iron", ("NM", "ST"), ("spect", "tc99m"),
                 ("nm",)),
        Modality("US", "anatomical", "", 0.0, "robust", "grey", ("US",), ("ultrasound",), ("us",)),
        Modality("unknown", "anatomical", "", 0.0, "robust", "grey", (), ()),
    )
}


def modality(name: str) -> Modality:
    """The modality called ``name``; raises ``BadInput`` with the known names otherwise."""
    from MedFusionLib.errors import BadInput

    for entry in MODALITIES.values():
        if name.lower() == entry.name.lower() or name.upper() in entry.dicom:
            return entry
    raise BadInput(f"unknown modality '{name}'", f"Use one of {', '.join(MODALITIES)}")
