"""What each augmentation preset is worth: one small network trained with each, judged on the validation series.

    OMP_NUM_THREADS=1 python Testing/Benchmarks/augmentation_ablation.py DATA_ROOT OUTPUT [--recipe FILE]
        [--presets none,standard] [--seeds 1,2,3] [--steps 300] [--data CT-MRI,PET-MRI,SPECT-MRI] [--validate-on 4]

DATA_ROOT is the folder that the recipe's paths start from; the recipe (by default that of the shipped medfusion) lends
network, losses, patch and splits, and all else is the same for every preset. Validation pictures are never augmented,
so losses compare. OUTPUT gets a folder for each preset and seed; those that are there already are read, not trained
again. Printed are means over the seeds: the best validation loss, what it gains on "none" with the same seed
(positive is better), its smallest and largest gain, and panel and recoverability on each data set.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from MedFusionLib.errors import BadInput
from MedFusionLib.models.places import SUFFIX, card_of
from MedFusionLib.resources import resource
from MedFusionLib.training import TrainingRecipe, train
from MedFusionLib.training.augmentation import PRESETS
from MedFusionLib.training.finish import RECIPE

_RECIPE = "Training/medfusion.json"
_NONE = "none"
_SHOWN = ("qabf", "ssim", "q_y", "scd", "vif", "vif_min", "recoverability")

Figures = Mapping[str, Any]


def variant(shipped: TrainingRecipe, preset: str, seed: int, given: argparse.Namespace) -> TrainingRecipe:
    """The short recipe of one training."""
    told = shipped.as_dict()
    chosen = [entry for entry in told["data"] if entry["name"] in given.data]
    return TrainingRecipe.from_dict({
        **told, "data": chosen, "augmentation": preset, "seed": seed, "steps": given.steps,
        # A running mean over hundreds of steps would show the random weights of the start.
        "average": 0.0, "warm_up": min(shipped.warm_up, given.steps // 10), "validate_every": max(1, given.steps // 3),
        "validate_on": given.validate_on, "patience": 0, "start_from": "",
    })


def figures_of(recipe: TrainingRecipe, given: argparse.Namespace) -> Figures:
    """What the training reached, from its card; trained now if there is none."""
    folder = given.output / f"{recipe.augmentation}-{recipe.seed}"
    weights = folder / f"{recipe.name or recipe.network}{SUFFIX}"
    if weights.is_file() and TrainingRecipe.read(folder / RECIPE).as_dict() != recipe.as_dict():
        raise BadInput(f"{folder} holds a training with another recipe", "Give another output folder")
    if not weights.is_file():
        train(recipe, given.root, folder, cache=given.output / "cache", device=given.device)
    figures: Figures = json.loads(card_of(weights).read_text(encoding="utf-8"))["figures"]
    return figures


def row(preset: str, found: Sequence[Figures], plain: Sequence[Figures], data: Sequence[str]) -> str:
    """The line of a preset: its ``found`` figures, one for each seed, against the ``plain`` ones of the same seeds."""
    losses = [one["validation_loss"] for one in found]
    gains = [without["validation_loss"] - loss for without, loss in zip(plain, losses, strict=True)]
    cells = [preset, f"{fmean(losses):.4f}", f"{fmean(gains):+.4f}", f"{min(gains):+.4f} to {max(gains):+.4f}"]
    cells += [" ".join(f"{fmean(one[name]['figures'][figure]['mean'] for one in found):.3f}" for figure in _SHOWN)
              for name in data]
    return f"| {' | '.join(cells)} |"


def words(text: str) -> list[str]:
    """The parts of a list with commas."""
    return text.split(",")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="DATA_ROOT")
    parser.add_argument("output", type=Path, metavar="OUTPUT")
    parser.add_argument("--recipe", type=Path, help="training recipe, JSON")
    parser.add_argument("--presets", type=words, default=[name for name in PRESETS if name != _NONE])
    parser.add_argument("--seeds", type=lambda text: [int(word) for word in words(text)], default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--data", type=words, default=["CT-MRI", "PET-MRI", "SPECT-MRI"])
    parser.add_argument("--validate-on", type=int, default=4)
    parser.add_argument("--device", default="auto")
    return parser.parse_args()


def main() -> None:
    """Train, and print the table, each line as soon as it is known."""
    given = arguments()
    shipped = TrainingRecipe.read(given.recipe or resource(_RECIPE))
    plain = [figures_of(variant(shipped, _NONE, seed, given), given) for seed in given.seeds]
    print(f"{shipped.network}, {given.steps} steps, seeds {given.seeds}; figures: {' '.join(_SHOWN)}\n")
    print(f"| preset | validation loss | gain on none | from, to | {' | '.join(given.data)} |")
    print("|---" * (4 + len(given.data)) + "|")
    print(row(_NONE, plain, plain, given.data), flush=True)
    for preset in given.presets:
        if preset == _NONE:
            continue
        found = [figures_of(variant(shipped, preset, seed, given), given) for seed in given.seeds]
        print(row(preset, found, plain, given.data), flush=True)


if __name__ == "__main__":
    main()
