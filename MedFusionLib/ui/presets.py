"""Presets of the registration: named sets of settings, for the situations users meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from MedFusionLib.ui.translation import tr as _


@dataclass(frozen=True)
class Preset:
    """One preset: what it is called, when to use it, and what it changes in ``RegistrationSettings``."""

    title: str
    help: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def presets() -> dict[str, Preset]:
    """The presets by the name that the parameter node keeps."""
    return {
        "standard": Preset(
            _("Standard"), _("Starts where the volumes lie. Right for most patients.")
        ),
        "same session": Preset(
            _("Same session (trust the scanner)"),
            _("Volumes that share a DICOM frame of reference, as of one PET/CT, are taken as aligned; others are "
              "registered."),
            {"trust_frame_of_reference": True},
        ),
        "far apart": Preset(
            _("Far apart (start at the centres)"),
            _("Starts with the centres of mass on each other, for volumes whose coordinates say nothing."),
            {"initial": "moments"},
        ),
        "fine deformation": Preset(
            _("Fine deformation"),
            _("Control points of a deformable transform every 16 mm instead of 32 mm: follows more, needs longer."),
            {"grid_spacing": 16.0},
        ),
    }
