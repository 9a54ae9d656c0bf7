"""What MedFusion knows of each modality, as data: role, unit, background, default window and colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["anatomical", "functional"]


@dataclass(frozen=True)
class Modality:
    """One modality. ``background`` is the value of air or of nothing, in the modality's unit."""

    name: str
    role: Role
    unit: str
    background: float
    window: str
    colour_map: str
    dicom: tuple[str, ...]
    words: tuple[str, ...]


MODALITIES: dict[str, Modality] = {
    entry.name: entry
    for entry in (
        Modality("CT", "anatomical", "HU", -1000.0, "soft tissue", "grey", ("CT",), ("ct", "cbct")),
        Modality("MR", "anatomical", "", 0.0, "robust", "grey", ("MR",),
                 ("mr", "mri", "t1", "t2", "t1w", "t2w", "flair", "pd", "dwi", "adc")),
        Modality("PET", "functional", "", 0.0, "robust", "hot iron", ("PT",), ("pet", "pt", "fdg", "suv")),
        Modality("SPECT", "functional", "", 0.0, "robust", "hot iron", ("NM", "ST"), ("spect", "nm", "tc99m")),
        Modality("US", "anatomical", "", 0.0, "robust", "grey", ("US",), ("us", "ultrasound")),
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
