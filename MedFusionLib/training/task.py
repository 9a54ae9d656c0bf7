"""What a network is trained for: which data must be there, how its pairs are read, and what is measured in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

from torch import nn

from MedFusionLib.networks.segmenters import TRAINABLE
from MedFusionLib.progress import Progress
from MedFusionLib.training.distributed import World
from MedFusionLib.training.loop import Standing
from MedFusionLib.training.pairs import Pairs
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.validation import Judged


class Finish(Protocol):
    """Writes the weights of ``module``, which has the best ones, and their card with its figures to ``folder``."""

    def __call__(
        self, module: nn.Module, recipe: TrainingRecipe, standing: Standing, sets: Sequence[Pairs],
        pictures: Sequence[Judged], world: World, folder: Path, progress: Progress,
    ) -> None: ...


@dataclass(frozen=True)
class Task:
    """The parts of a training that fusing and segmenting do not share.

    ``check`` takes recipe and data root and raises ``BadInput`` for data that cannot be had. ``read`` takes recipe,
    data root, a folder for what is kept on the way and the progress, and gives every data set in memory.
    """

    check: Callable[[TrainingRecipe, Path], None]
    read: Callable[[TrainingRecipe, Path, Path, Progress], Sequence[Pairs]]
    finish: Finish


def task_of(recipe: TrainingRecipe) -> Task:
    """The task of the recipe's network, as its row says."""
    place, attribute = TRAINABLE[recipe.network].task.split(":")
    task: Task = getattr(import_module(f"MedFusionLib.{place}"), attribute)
    return task
