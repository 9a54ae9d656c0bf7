"""Tuning the shipped medfusion on a few slices of a pair of modalities that it has not seen, and what that is worth.

    OMP_NUM_THREADS=1 python Testing/Benchmarks/fine_tuning.py CASES OUTPUT
        [--volumes MR_T1_image.nii.gz PET_image.nii.gz]
        [--train STS_001] [--validation STS_002] [--test STS_038 STS_040 STS_042 STS_043 STS_048]
        [--slices 8] [--steps 200] [--learning-rate 0.001] [--case-slices 8]

CASES holds one folder a patient, volumes aligned as they lie. ``--slices`` evenly spread axial slices of the training
patient are learned from, as many of the validation patient decide which step is best, and ``--case-slices`` of each
test patient are measured with the shipped weights and with the tuned ones: means over slices, and in how many of the
test patients the tuned ones are better. Losses and patch are those of the shipped recipe.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from MedFusionLib import faithfulness
from MedFusionLib.benchmark.cases import Case, picture_pairs
from MedFusionLib.benchmark.statistics import series_means
from MedFusionLib.benchmark.volumes import Files, volume_cases
from MedFusionLib.faithfulness import headline_of
from MedFusionLib.fusion import catalog
from MedFusionLib.layers import Layer
from MedFusionLib.recipe import Recipe
from MedFusionLib.resources import resource
from MedFusionLib.scoring import score_method
from MedFusionLib.training import TrainingRecipe, train

_VISIBLE, _CONTENT = 0.05, 0.1


def write_slices(case: Case, count: int, folder: Path) -> None:
    """``count`` axial slices of a case, evenly spread over those in which every source shows something, as PNG."""
    layers = case.load().setting.layers
    shown = np.all([(layer.grey > _VISIBLE).mean(axis=(1, 2)) > _CONTENT * np.max(
        (layer.grey > _VISIBLE).mean(axis=(1, 2))) for layer in layers], axis=0)
    places = np.flatnonzero(shown)
    for place in places[np.linspace(0, len(places) - 1, count + 2).round().astype(int)[1:-1]]:
        for side, layer in zip("ab", layers, strict=True):
            target = folder / side / f"{case.name.name}-{place:03d}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(_bytes(layer, int(place))).save(target)


def _bytes(layer: Layer, place: int) -> np.ndarray:
    picture = layer.grey if layer.colour is None else layer.colour
    return np.round(picture[place] * 255.0).astype(np.uint8)


def tuned(given: argparse.Namespace, slices: Path) -> Path:
    """The weights after the tuning."""
    shipped = TrainingRecipe.read(resource("Training/medfusion.json"))
    told = {**shipped.as_dict(), "data": [{
        "name": "unseen pair", "a": "a", "b": "b", "train": [f"{given.train}-"],
        "validation": [f"{given.validation}-"], "test": [f"{case}-" for case in given.test]}]}
    recipe = replace(
        TrainingRecipe.from_dict(told), steps=given.steps, learning_rate=given.learning_rate, warm_up=10, average=0.95,
        validate_every=max(1, given.steps // 4), validate_on=0, start_from="shipped")
    return train(recipe, slices, given.output / "tuned", device="cpu").weights


def measure(slices: Path, test: Sequence[str], weights: Path) -> None:
    """Print the figures of the shipped and of the tuned weights on the test patients' slices."""
    cases, _ = picture_pairs((slices / "a", slices / "b"), {}, [f"{case}-" for case in test], Recipe().metrics)
    methods = {"shipped": catalog.load("medfusion"), "tuned": catalog.load("medfusion", weights=str(weights)),
               "maximum": catalog.load("maximum")}
    loaded = [case.load().setting for case in cases]
    scores = {name: [score_method(method, one).figures for one in loaded] for name, method in methods.items()}
    series = [case.name.series for case in cases]
    print(f"{'figure':26} {'shipped':>9} {'tuned':>9} {'maximum':>9}  tuned is better in")
    for figure in dict.fromkeys((*headline_of(True), *scores["shipped"][0])):
        values = {name: [row.get(figure, float("nan")) for row in rows] for name, rows in scores.items()}
        if np.isnan(values["maximum"]).all():
            continue
        before, after = (series_means(values[name], series) for name in ("shipped", "tuned"))
        sign = -1 if faithfulness.figure(figure).direction == "lower" else 1
        better = sum(sign * (after[one] - before[one]) > 0 for one in before)
        means = " ".join(f"{fmean(series_means(values[name], series).values()):9.3f}" for name in methods)
        print(f"{figure:26} {means}  {better} of {len(before)} patients")


def main() -> None:
    """Cut, tune and measure as the command line asks."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("cases", type=Path)
    command.add_argument("output", type=Path)
    command.add_argument("--volumes", nargs=2, default=["MR_T1_image.nii.gz", "PET_image.nii.gz"])
    command.add_argument("--train", default="STS_001")
    command.add_argument("--validation", default="STS_002")
    command.add_argument("--test", nargs="+", default=["STS_038", "STS_040", "STS_042", "STS_043", "STS_048"])
    command.add_argument("--slices", type=int, default=8)
    command.add_argument("--case-slices", type=int, default=8)
    command.add_argument("--steps", type=int, default=200)
    command.add_argument("--learning-rate", type=float, default=1e-3)
    given = command.parse_args()
    slices = given.output / "slices"
    recipe = Recipe.from_dict({"registration": {"method": "none"}, "on_rejection": "continue"})
    wanted = [given.train, given.validation, *given.test]
    for case in volume_cases(given.cases, Files(tuple(given.volumes)), {}, wanted, recipe)[0]:
        write_slices(case, given.case_slices if case.name.name in given.test else given.slices, slices)
    start = time.perf_counter()
    weights = tuned(given, slices)
    print(f"{given.slices} slices, {given.steps} steps, {time.perf_counter() - start:.0f} s")
    measure(slices, given.test, weights)


if __name__ == "__main__":
    main()
