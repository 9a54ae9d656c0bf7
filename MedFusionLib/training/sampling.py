"""Batches of crops. What step n gets is a function of the recipe's seed and n alone, so a resumed training needs no
state of a sampler, and any number of worker processes draws the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from MedFusionLib.training.augmentation import augment, balanced_draw
from MedFusionLib.training.batch import Batch
from MedFusionLib.training.distributed import World
from MedFusionLib.training.pairs import Pair, Pairs, to_batch
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.volume import Array

#: A crop shows something where this share of its voxels is brighter than this, in any source.
_CONTENT, _VISIBLE = 0.1, 0.05
_TRIES = 6


def seed_of(*numbers: int) -> int:
    """One seed for torch out of several numbers, unlike that of any others."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


class Crops(Dataset[Batch]):
    """Item n is the batch of step n: crops of one data set, drawn by its weight, and augmented.

    Of several processes each gets its share of the same crops.
    """

    def __init__(self, sets: Sequence[Pairs], recipe: TrainingRecipe, world: World) -> None:
        self._sets, self._recipe, self._world = sets, recipe, world
        self._weights = torch.tensor([entry.weight for entry in sets], dtype=torch.float64)

    def __getitem__(self, number: int) -> Batch:
        """The batch of step ``number``, on the CPU."""
        recipe, world = self._recipe, self._world
        generator = torch.Generator().manual_seed(seed_of(recipe.seed, number))
        chosen = self._sets[int(torch.multinomial(self._weights, 1, generator=generator))]
        crops = [self._crop(chosen.training[place], generator) for place in self._places(chosen, generator)]
        batch = to_batch(crops[world.rank::world.size], chosen.functional, recipe.dimension)
        if not recipe.augmentation:
            return batch
        return augment(batch, recipe.augmentation, generator.manual_seed(seed_of(recipe.seed, number, world.rank)))

    def _places(self, chosen: Pairs, generator: torch.Generator) -> list[int]:
        """Which pairs the crops of a batch are taken from."""
        if self._recipe.balanced:
            return balanced_draw([pair.series for pair in chosen.training], self._recipe.batch, generator)
        drawn: list[int] = torch.randint(len(chosen.training), (self._recipe.batch,), generator=generator).tolist()
        return drawn

    def _crop(self, pair: Pair, generator: torch.Generator) -> list[Array]:
        """A crop at a drawn place, drawn again a few times while there is next to nothing to see."""
        for _ in range(_TRIES):
            draws = torch.rand(len(pair.size), generator=generator)
            planes = crop(pair, [_start(*axis) for axis in zip(pair.size, self._recipe.edges, draws, strict=True)],
                          self._recipe.edges)
            if max(_shown(plane, len(pair.size)) for plane in planes) >= _CONTENT:
                break
        return planes


def _start(length: int, edge: int, draw: Tensor) -> int:
    return int(draw * (max(length - edge, 0) + 1))


def crop(pair: Pair, starts: Sequence[int], edges: Sequence[int]) -> list[Array]:
    """The planes of ``pair`` from ``starts`` on, ``edges`` long, with black where it ends before."""
    window = tuple(slice(start, start + edge) for start, edge in zip(starts, edges, strict=True))
    planes = [plane[window] for plane in pair.planes]
    missing = [edge - length for edge, length in zip(edges, planes[0].shape, strict=False)]
    if not any(missing):
        return planes
    return [np.pad(plane, [*((0, lack) for lack in missing), *[(0, 0)] * (plane.ndim - len(edges))])
            for plane in planes]


def _shown(plane: Array, dimension: int) -> float:
    """The share of voxels in which something can be seen."""
    brightest = plane.max(axis=-1) if plane.ndim > dimension else plane
    return float((brightest > _VISIBLE * (255.0 if plane.dtype == np.uint8 else 1.0)).mean())


def batches(crops: Crops, start: int, end: int, workers: int) -> Iterator[Batch]:
    """The batches of the steps from ``start`` to ``end``, prepared ahead by ``workers`` processes."""
    if not workers:
        return (crops[number] for number in range(start, end))
    return iter(DataLoader(crops, batch_size=None, sampler=range(start, end), num_workers=workers))
