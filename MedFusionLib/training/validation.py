"""The network judged on whole pictures of the validation series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
import torch

from MedFusionLib.training.batch import Batch
from MedFusionLib.training.distributed import World, gathered, same_buffers
from MedFusionLib.training.pairs import Pair, Pairs, to_batch
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.sampling import crop
from MedFusionLib.training.step import Step

#: Of a volume as much is judged as this many crops of training side by side, around its middle: losses on whole
#: volumes would need tens of gigabytes.
_CROPS = 2


@dataclass(frozen=True, eq=False)
class Judged:
    """One picture that the network is judged on, and the data set it is of."""

    pair: Pair
    owner: Pairs

    def batch(self) -> Batch:
        """The picture as a batch of one."""
        return to_batch([self.pair.planes], self.owner.functional, len(self.pair.spacing))


def judged(sets: Sequence[Pairs], recipe: TrainingRecipe) -> list[Judged]:
    """What is judged: of each validation series as many pictures as the recipe says, evenly spread."""
    chosen = []
    for owner in sets:
        series: dict[str, list[Pair]] = {}
        for pair in owner.validation:
            series.setdefault(pair.series, []).append(pair)
        for pairs in series.values():
            count = min(recipe.validate_on or len(pairs), len(pairs))
            # The middle of each of ``count`` equal parts, so that few pictures are none of the series' ends.
            places = ((np.arange(count) + 0.5) * len(pairs) / count).astype(int)
            chosen += [Judged(_bounded(pairs[place], recipe), owner) for place in places]
    return chosen


def _bounded(pair: Pair, recipe: TrainingRecipe) -> Pair:
    """A picture as it is; of a volume its middle."""
    if recipe.dimension == 2:
        return pair
    edges = [min(length, _CROPS * edge) for length, edge in zip(pair.size, recipe.edges, strict=True)]
    starts = [(length - edge) // 2 for length, edge in zip(pair.size, edges, strict=True)]
    return replace(pair, planes=tuple(crop(pair, starts, edges)))


def validate(step: Step, pictures: Sequence[Judged], world: World, tell: Callable[[str], None]) -> dict[str, float]:
    """The mean losses over ``pictures``, each data set counted by its weight; "loss" is what must fall.

    The pictures are shared out among the processes, and all get the same answer; ``tell`` is called before each.
    """
    modules = step.modules().values()
    same_buffers(modules)
    for module in modules:
        module.eval()
    found: list[tuple[int, dict[str, float]]] = []
    with torch.no_grad():
        for number in range(world.rank, len(pictures), world.size):
            tell(f"judging {pictures[number].pair.name}")
            found.append((number, step.losses(pictures[number].batch().to(world.device))))
    for module in modules:
        module.train()
    lost = [losses for _, losses in sorted((entry for share in gathered(found) for entry in share), key=_place)]
    return _over_sets(lost, pictures)


def _place(entry: tuple[int, dict[str, float]]) -> int:
    return entry[0]


def _over_sets(lost: Sequence[dict[str, float]], pictures: Sequence[Judged]) -> dict[str, float]:
    """The mean over the data sets, by weight, of their means over pictures; of a loss over those that have it."""
    owners = {picture.owner.name: picture.owner for picture in pictures if picture.owner.weight}
    found = {
        name: means([losses for losses, picture in zip(lost, pictures, strict=True) if picture.owner is owner])
        for name, owner in owners.items()
    }
    return {
        loss: float(np.average([found[name][loss] for name in found if loss in found[name]],
                               weights=[owners[name].weight for name in found if loss in found[name]]))
        for loss in dict.fromkeys(loss for one in found.values() for loss in one)
    }


def means(entries: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each loss over the ``entries`` that have it."""
    losses = dict.fromkeys(loss for entry in entries for loss in entry)
    return {loss: fmean(entry[loss] for entry in entries if loss in entry) for loss in losses}
