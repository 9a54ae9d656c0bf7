"""The task of the fusion networks: pairs of pictures, or of patients' volumes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from MedFusionLib.progress import Progress
from MedFusionLib.training.cases import check_cases, read_cases
from MedFusionLib.training.finish import finish
from MedFusionLib.training.pairs import Pairs
from MedFusionLib.training.pictures import check_pictures, read_pictures
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.task import Task
from MedFusionLib.volume import Array


def _check(recipe: TrainingRecipe, root: Path) -> None:
    for entry in recipe.data:
        (check_cases if entry.volumes else check_pictures)(entry, root)


def _read(recipe: TrainingRecipe, root: Path, cache: Path, progress: Progress) -> Sequence[Pairs]:
    known: dict[Path, Array] = {}
    return [read_cases(entry, root, cache, recipe.dimension, progress) if entry.volumes
            else read_pictures(entry, root, progress, known) for entry in recipe.data]


FUSING = Task(_check, _read, finish)
