"""The task of the segmenters: slices of patients with an outlined tumour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from MedFusionLib.progress import Progress
from MedFusionLib.training.cases import check_cases
from MedFusionLib.training.pairs import Pairs
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.segmentation.cases import read_tumours, with_mask
from MedFusionLib.training.segmentation.finish import finish
from MedFusionLib.training.task import Task


def _check(recipe: TrainingRecipe, root: Path) -> None:
    check_cases(with_mask(recipe), root)


def _read(recipe: TrainingRecipe, root: Path, cache: Path, progress: Progress) -> Sequence[Pairs]:
    """The slices, made in a second a patient, so that ``cache`` stays empty."""
    return [read_tumours(recipe, root, progress)]


SEGMENTING = Task(_check, _read, finish)
