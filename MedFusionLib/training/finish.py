"""The end of a training: the best weights with their card, and what they reach on the validation series."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from MedFusionLib import models
from MedFusionLib.benchmark.statistics import bootstrap_interval
from MedFusionLib.colour import luma
from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.subject import Subject
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.method import Method
from MedFusionLib.intensity import Window
from MedFusionLib.layers import Layer, fuse_tone
from MedFusionLib.models.card import ModelCard
from MedFusionLib.networks.catalog import NETWORKS
from MedFusionLib.progress import Progress
from MedFusionLib.record import plain
from MedFusionLib.resources import resource
from MedFusionLib.scoring import Setting, score_given
from MedFusionLib.training.distributed import World
from MedFusionLib.training.loop import Standing
from MedFusionLib.training.pairs import Pair, Pairs, unit
from MedFusionLib.training.recipe import DataSet, TrainingRecipe
from MedFusionLib.training.validation import Judged

RECIPE = "recipe.json"
_UNIT = Window(0.0, 1.0)
#: What every network must beat, and costs nothing.
_RIVAL = "maximum"


def finish(
    module: nn.Module, recipe: TrainingRecipe, standing: Standing, sets: Sequence[Pairs], pictures: Sequence[Judged],
    world: World, folder: Path, progress: Progress,
) -> None:
    """Write the weights of ``module`` and their card to ``folder``, after measuring the file as a run will use it.

    The figures are the panel and the recoverability of the validation pictures, with ``maximum``'s beside them, each
    with its bootstrap interval over series.
    """
    row = NETWORKS[recipe.network]
    card = ModelCard(
        name=recipe.name or recipe.network, network=recipe.network, sha256="0" * 64, parameters=row.parameters,
        options=row.options, data=tuple(_terms(entry, pairs) for entry, pairs in zip(recipe.data, sets, strict=True)),
        splits=_splits(recipe.data, sets), recipe=recipe_file(recipe), hardware=_hardware(world),
        seconds=round(standing.seconds, 1), seed=recipe.seed, started_from=recipe.start_from,
    )
    half = recipe.store == "half"
    with tempfile.TemporaryDirectory(prefix=".measured-", dir=folder) as work:
        method = catalog.load(recipe.network, weights=str(models.save(module, card, Path(work), half)))
        measured = {pairs.name: _figures(method, [picture for picture in pictures if picture.owner is pairs], progress)
                    for pairs in sets}
    figures = {"steps": standing.step, "best_step": standing.best_step, "validation_loss": standing.best, **measured}
    card = ModelCard(**{**vars(card), "figures": plain(figures)})
    models.save(module, card, folder, half)


def recipe_file(recipe: TrainingRecipe) -> str:
    """The recipe's file: the one that ships, if it is the same, else that in the output folder."""
    with suppress(BadInput):
        for file in sorted(resource("Training").glob("*.json")):
            if TrainingRecipe.read(file) == recipe:
                return f"Resources/Training/{file.name}"
    return RECIPE


def _terms(entry: DataSet, pairs: Pairs) -> dict[str, str]:
    """A data set for the card: its name, its terms of use, and how many pairs were learned from."""
    return {"name": entry.name, "terms": entry.terms or "not stated",
            "pairs": f"{len(pairs.training)} for training, {len(pairs.validation)} for validation"}


def _splits(data: Sequence[DataSet], sets: Sequence[Pairs]) -> dict[str, tuple[str, ...]]:
    """The series of each side, as the recipe names them; where it names none, those that were left."""
    learned = [entry.train or tuple(dict.fromkeys(pair.series for pair in pairs.training))
               for entry, pairs in zip(data, sets, strict=True)]
    sides = {"training": learned, "validation": [entry.validation for entry in data],
             "test": [entry.test for entry in data]}
    return {side: tuple(f"{entry.name}: {series}" for entry, names in zip(data, named, strict=True) for series in names)
            for side, named in sides.items()}


def _hardware(world: World) -> str:
    name = torch.cuda.get_device_name(world.device) if world.device.type == "cuda" else \
        f"{platform.machine()} CPU, threads: {torch.get_num_threads()}"
    return name if world.size == 1 else f"{world.size} x {name}"


def _figures(method: Method, pictures: Sequence[Judged], progress: Progress) -> dict[str, Any]:
    """Each figure of ``method`` and of ``maximum`` over ``pictures``: mean and interval."""
    rivals = {"figures": method, _RIVAL: catalog.load(_RIVAL)}
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in rivals}
    for number, picture in enumerate(pictures):
        progress("measure", number / len(pictures), picture.pair.name)
        layers = _layers(picture.pair)
        setting = Setting(Subject(layers, picture.pair.spacing), ("panel",), on_luma=True)
        for name, rival in rivals.items():
            fused = fuse_tone(rival, layers, "volume" if len(picture.pair.size) == 3 else None)
            scores[name].append(score_given(name, fused, setting).figures)
    series = [picture.pair.series for picture in pictures]
    return {name: {figure: _interval([entry.get(figure, float("nan")) for entry in entries], series)
                   for figure in dict.fromkeys(figure for entry in entries for figure in entry)}
            for name, entries in scores.items()}


def _interval(values: Sequence[float], series: Sequence[str]) -> dict[str, Any]:
    return asdict(bootstrap_interval(values, series))


def _layers(pair: Pair) -> tuple[Layer, ...]:
    """The sources of a pair as a run has them, seen everywhere."""
    layers = []
    for number, plane in enumerate(pair.planes):
        shown = unit(plane)
        colour = shown if plane.ndim > len(pair.size) else None
        seen = luma(shown) if colour is not None else shown
        layers.append(Layer(f"source {number + 1}", seen, seen >= 0.0, _UNIT, "own" if colour is not None else "grey",
                            colour))
    return tuple(layers)
