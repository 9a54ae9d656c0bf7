"""Tumour segmentation from CT, PET and MR: ``segment`` takes volumes to a label map on the fixed grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from MedFusionLib.progress import Progress, silent

if TYPE_CHECKING:
    from MedFusionLib.recipe import Recipe
    from MedFusionLib.segmentation.outlining import Segmentation
    from MedFusionLib.volume import Volume

DEFAULT = "transfuse_segmentation"


def segment(
    volumes: Sequence[Volume], network: str = DEFAULT, recipe: Recipe | None = None, weights: Path | None = None,
    progress: Progress = silent,
) -> Segmentation:
    """Outline the tumour in ``volumes``: a CT, a PET and an MR of one patient; the first gives the grid.

    ``recipe`` says how they are registered, their windows and the device; ``weights`` replaces the shipped ones.
    Raises ``BadInput`` for other volumes, an unknown ``network`` or one without weights, before any work, and
    ``RegistrationRejected`` as a fusion does.
    """
    from MedFusionLib.segmentation.outlining import run

    return run(volumes, network, recipe, weights, progress)
