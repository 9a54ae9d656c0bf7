"""How well the shipped segmenters outline the tumours of the test patients.

    python Testing/Benchmarks/tumour_dice.py DATA_ROOT [--side test] [--weights FOLDER] [--json FILE]
        [--pictures FOLDER]

DATA_ROOT is the folder that the training recipes' paths start from. Dice by patient on the CT's grid against the
expert's outline, its mean and 95 % interval (bootstrap over patients), beside three yardsticks without a network: 41 %
of the highest SUV, all voxels or those joined to the hottest; the threshold that is best on the training patients; and
an ellipsoid that knows only that the collection was cut 5 cm around each tumour. In the rows "cut anew" up to 35 mm
more are cut off each side within the slices, unlike for each, so that the borders tell little of where the tumour lies.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from tumour_baselines import Threshold, of_the_frame, suv_on, tuned
from tumour_pictures import draw

from MedFusionLib import models
from MedFusionLib.benchmark.statistics import bootstrap_interval
from MedFusionLib.colour import FloatArray
from MedFusionLib.networks.segmenters import SEGMENTERS
from MedFusionLib.resources import resource
from MedFusionLib.segmentation.outlining import on_fixed_grid
from MedFusionLib.segmentation.predict import probabilities
from MedFusionLib.segmentation.score import dice
from MedFusionLib.training import DataSet, TrainingRecipe
from MedFusionLib.training.segmentation.cases import Case, read_case
from MedFusionLib.training.segmentation.options import Options, the_cases
from MedFusionLib.volume import Array, Volume

_RECIPE = "Training/transfuse_segmentation.json"
_CUT_ANEW_MM = 35.0
Frame = tuple[slice, slice]
Outline = Callable[[Case], Array]


def frame_of(case: Case, spacing: float) -> Frame:
    """The rows and columns of the slices that are left when the patient is cut anew; drawn from the name."""
    random = np.random.default_rng([ord(letter) for letter in case.name])
    most = int(_CUT_ANEW_MM / spacing)
    height, width = case.slices.array.shape[2:]
    top, bottom, left, right = random.integers(0, most + 1, 4)
    return slice(int(top), height - int(bottom)), slice(int(left), width - int(right))


def network_outline(name: str, folder: Path | None, cut: bool, spacing: float) -> Outline:
    """What network ``name`` outlines, on the CT's grid."""
    module = models.load(name, folder / f"{name}.safetensors" if folder else None)

    def outline(case: Case) -> Array:
        array = case.slices.array
        rows, columns = frame_of(case, spacing) if cut else (slice(None), slice(None))
        found: FloatArray = np.zeros((len(array), *array.shape[2:]), np.float32)
        found[:, rows, columns] = probabilities(module, array[:, :, rows, columns])
        return on_fixed_grid(found, case.slices, case.fixed)[1].array

    return outline


def frame_outline(cut: bool, spacing: float) -> Outline:
    """The ellipsoid within the borders, on the CT's grid."""

    def outline(case: Case) -> Array:
        array = case.slices.array
        rows, columns = frame_of(case, spacing) if cut else (slice(None), slice(None))
        found: FloatArray = np.zeros((len(array), *array.shape[2:]), np.float32)
        steps = case.slices.grid.image.GetSpacing()[::-1]
        found[:, rows, columns] = of_the_frame(found[:, rows, columns].shape, steps)
        return on_fixed_grid(found, case.slices, case.fixed)[1].array

    return outline


def score(cases: Sequence[Case], outlines: Mapping[str, Outline]) -> dict[str, dict[str, float]]:
    """Dice by method and patient."""
    return {name: {case.name: dice(outline(case), case.mask.array) for case in cases}
            for name, outline in outlines.items()}


def told(scores: Mapping[str, Mapping[str, float]]) -> str:
    """The table."""
    patients = list(next(iter(scores.values())))
    lines = [f"{'':34}" + "".join(f"{patient[-3:]:>7}" for patient in patients) + "    mean [95 % interval]"]
    for name, values in scores.items():
        found = bootstrap_interval(list(values.values()), patients)
        lines.append(f"{name:34}" + "".join(f"{values[patient]:7.3f}" for patient in patients)
                     + f"   {found.mean:.3f} [{found.lower:.3f}, {found.upper:.3f}]")
    first, second = ([*scores[name].values()] for name in SEGMENTERS)
    gap = bootstrap_interval([one - other for one, other in zip(first, second, strict=True)], patients)
    lines.append(f"{' less '.join(SEGMENTERS)}: {gap.mean:+.3f} [{gap.lower:+.3f}, {gap.upper:+.3f}]")
    return "\n".join(lines)


def read(home: Path, name: str, data: DataSet, options: Options) -> tuple[Case, Array]:
    """A patient, and the PET on the CT's grid."""
    case = read_case(home / name, data, options)
    return case, suv_on(case.fixed, Volume.read(home / name / data.volumes[1]))


def tuned_threshold(home: Path, data: DataSet, options: Options) -> Threshold:
    """The threshold that is best on the training patients."""
    held = {*data.test, *data.validation}
    learned = sorted(place.parent.name for place in home.glob(f"*/{options.mask}") if place.parent.name not in held)
    known = [read(home, name, data, options) for name in learned]
    return tuned([suv for _, suv in known], [case.mask.array for case, _ in known])


def all_outlines(
    folder: Path | None, spacing: float, suvs: Mapping[str, Array], best: Threshold
) -> dict[str, Outline]:
    """Every way to outline, by its words in the table."""
    made: dict[str, Outline] = {}
    for cut, words in ((False, ""), (True, ", cut anew")):
        for name in SEGMENTERS:
            made[name + words] = network_outline(name, folder, cut, spacing)
        made[f"frame alone{words}"] = frame_outline(cut, spacing)
    tuned_words = f"{best.fraction:.0%}{', hottest part' if best.hottest else ''} (tuned)"
    for words, rule in (("41 % of SUVmax", Threshold()), ("41 % of SUVmax, hottest part", Threshold(hottest=True)),
                        (tuned_words, best)):
        made[f"PET at {words}"] = partial(_by_threshold, rule, suvs)
    return made


def _by_threshold(rule: Threshold, suvs: Mapping[str, Array], case: Case) -> Array:
    return rule.outline(suvs[case.name])


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--side", choices=("test", "validation"), default="test")
    parser.add_argument("--weights", type=Path, help="folder of other weights than the shipped ones")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pictures", type=Path)
    return parser.parse_args()


def main() -> None:
    """Read the patients, outline and score them, print the table."""
    given = arguments()
    recipe = TrainingRecipe.read(resource(_RECIPE))
    data, options = the_cases(recipe), Options.of(recipe)
    home = given.root / data.cases
    best = tuned_threshold(home, data, options)
    patients = [read(home, name, data, options) for name in getattr(data, given.side)]
    cases = [case for case, _ in patients]
    outlines = all_outlines(given.weights, options.spacing, {case.name: suv for case, suv in patients}, best)
    scores = score(cases, outlines)
    print(told(scores))
    if given.json:
        means = {name: asdict(bootstrap_interval(list(values.values()), list(values)))
                 for name, values in scores.items()}
        given.json.write_text(json.dumps({"side": given.side, "dice": scores, "means": means}, indent=1) + "\n",
                              encoding="utf-8")
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
        for case in cases:
            draw(given.pictures / f"{case.name}.png", case, {name: outlines[name](case) for name in SEGMENTERS})


if __name__ == "__main__":
    main()
