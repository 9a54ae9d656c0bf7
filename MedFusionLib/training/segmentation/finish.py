"""The end of a segmenter's training: its weights with a card that says Dice by validation patient."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from MedFusionLib import models
from MedFusionLib.benchmark.statistics import bootstrap_interval
from MedFusionLib.models.card import ModelCard
from MedFusionLib.models.places import card_of
from MedFusionLib.networks.segmenters import SEGMENTERS
from MedFusionLib.progress import Progress
from MedFusionLib.record import plain
from MedFusionLib.segmentation.predict import probabilities
from MedFusionLib.segmentation.score import dice
from MedFusionLib.segmentation.segment import on_fixed_grid
from MedFusionLib.training.loop import Standing
from MedFusionLib.training.pairs import Pairs
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.segmentation.cases import Case, read_case
from MedFusionLib.training.segmentation.options import Options, the_cases
from MedFusionLib.training.trained import Trained

RECIPE = "recipe.json"


def finish(
    module: nn.Module, recipe: TrainingRecipe, standing: Standing, pairs: Pairs, root: Path, folder: Path,
    progress: Progress,
) -> Trained:
    """Measure ``module`` on the validation patients' whole volumes, and write weights and card to ``folder``."""
    data, options = the_cases(recipe), Options.of(recipe)
    if recipe.store == "half":
        # What is measured is what the file gives back.
        module = module.half().float()
    scores: dict[str, float] = {}
    for number, name in enumerate(data.validation):
        progress("measure", number / len(data.validation), name)
        scores[name] = case_dice(module, read_case(root / data.cases / name, data, options))
    row = SEGMENTERS[recipe.network]
    card = ModelCard(
        name=recipe.name or recipe.network, network=recipe.network, sha256="0" * 64, parameters=row.parameters,
        options=row.options, data=({"name": data.name, "terms": data.terms or "not stated"},),
        splits={"training": _series(pairs), "validation": data.validation, "test": data.test},
        figures=plain({"steps": standing.step, "best_step": standing.best_step, "validation_loss": standing.best,
                       "validation_dice": summary(scores)}),
        recipe=RECIPE, hardware=f"{platform.machine()} CPU, {torch.get_num_threads()} threads",
        seconds=round(standing.seconds, 1), seed=recipe.seed,
    )
    weights = models.save(module, card, folder, recipe.store == "half")
    return Trained(weights, ModelCard.read(card_of(weights)), tuple(standing.history))


def case_dice(module: nn.Module, case: Case) -> float:
    """Dice of what ``module`` outlines against the expert's mask, on the grid of the first volume."""
    device = next(module.parameters()).device
    found = probabilities(module, case.slices.array, str(device))
    labels = on_fixed_grid(found, case.slices, case.fixed)[1]
    return dice(labels.array, case.mask.array)


def summary(scores: Mapping[str, float]) -> dict[str, Any]:
    """Dice by patient, their mean and its interval (bootstrap over patients)."""
    return {"patients": dict(scores), **asdict(bootstrap_interval(list(scores.values()), list(scores)))}


def _series(pairs: Pairs) -> tuple[str, ...]:
    return tuple(dict.fromkeys(pair.series for pair in pairs.training))
