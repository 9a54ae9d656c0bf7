"""Training of the fusion networks: recipes in, weights with a card out. Importing this package imports no torch."""

from __future__ import annotations

from pathlib import Path

from MedFusionLib.progress import Progress, silent
from MedFusionLib.training.recipe import DataSet, TrainingRecipe
from MedFusionLib.training.trained import Trained

__all__ = ["DataSet", "Trained", "TrainingRecipe", "train"]


def train(
    recipe: TrainingRecipe, data_root: Path, output: Path, progress: Progress = silent, *, resume: bool = False,
    device: str = "auto", cache: Path | None = None,
) -> Trained:
    """Train as ``recipe`` says on the data under ``data_root``, and write weights and card to ``output``.

    ``resume`` goes on from the checkpoint in ``output``. ``device`` is auto, cpu, cuda or mps. ``cache`` is a folder
    for the aligned volumes (default: within ``output``). Under torchrun every process calls this and the first writes.
    Raises ``BadInput`` before any heavy work for a recipe or data that cannot work, and ``Cancelled`` when
    ``progress`` does; then the last checkpoint is there and no file half written.
    """
    from MedFusionLib.training.run import run

    return run(recipe, data_root, output, progress, resume=resume, device=device, cache=cache)
