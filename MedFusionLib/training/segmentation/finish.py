"""The end of a segmenter's training: its weights with a card that says Dice by validation patient."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from MedFusionLib import models
from MedFusionLib.benchmark.statistics import bootstrap_interval
from MedFusionLib.models.card import ModelCard
from MedFusionLib.networks.segmenters import SEGMENTERS
from MedFusionLib.progress import Progress
from MedFusionLib.record import plain
from MedFusionLib.segmentation.predict import probabilities
from MedFusionLib.segmentation.score import dice
from MedFusionLib.training.distributed import World
from MedFusionLib.training.finish import recipe_file
from MedFusionLib.training.loop import Standing
from MedFusionLib.training.pairs import Pair, Pairs
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.segmentation.options import the_cases
from MedFusionLib.training.validation import Judged


def finish(
    module: nn.Module, recipe: TrainingRecipe, standing: Standing, sets: Sequence[Pairs], pictures: Sequence[Judged],
    world: World, folder: Path, progress: Progress,
) -> None:
    """Measure ``module`` on all slices of the validation patients, and write weights and card to ``folder``."""
    data, half = the_cases(recipe), recipe.store == "half"
    if half:
        # What is measured is what the file gives back.
        module = module.half().float()
    patients = _by_patient(sets[0].validation)
    scores: dict[str, float] = {}
    for number, (name, slices) in enumerate(patients.items()):
        progress("measure", number / len(patients), name)
        scores[name] = _dice(module, slices, world)
    row = SEGMENTERS[recipe.network]
    card = ModelCard(
        name=recipe.name or recipe.network, network=recipe.network, sha256="0" * 64, parameters=row.parameters,
        options=row.options, data=({"name": data.name, "terms": data.terms or "not stated"},),
        splits={"training": tuple(_by_patient(sets[0].training)), "validation": tuple(patients), "test": data.test},
        figures=plain({"steps": standing.step, "best_step": standing.best_step, "validation_loss": standing.best,
                       "validation_dice": summary(scores)}),
        recipe=recipe_file(recipe), hardware=f"{platform.machine()} {world.device.type}, "
        f"{torch.get_num_threads()} CPU threads", seconds=round(standing.seconds, 1), seed=recipe.seed,
        started_from=recipe.start_from,
    )
    models.save(module, card, folder, half)


def _by_patient(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(pair.series, []).append(pair)
    return found


def _dice(module: nn.Module, slices: Sequence[Pair], world: World) -> float:
    """Dice of a patient's tumour on the slices that the network sees."""
    stack = np.stack([np.stack(pair.planes) for pair in slices]).astype(np.float32)
    found = probabilities(module, stack[:, :-1], str(world.device))
    return dice(found >= 0.5, stack[:, -1] >= 0.5)


def summary(scores: Mapping[str, float]) -> dict[str, Any]:
    """Dice by patient, their mean and its interval (bootstrap over patients)."""
    return {"patients": dict(scores), **asdict(bootstrap_interval(list(scores.values()), list(scores)))}
