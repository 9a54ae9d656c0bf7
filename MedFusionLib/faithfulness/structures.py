"""Small known structures to be planted into a source: spheres, rods and edges (discs and bars in a picture)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from MedFusionLib.volume import Array

Floats = npt.NDArray[np.float64]
Masks = tuple[Array, Array]

#: Half of a structure's voxels around it that must lie in the region asked for, and how often a place is sought.
_LEAST_INSIDE = 0.9
_TRIES = 80


@dataclass(frozen=True, eq=False)
class Structure:
    """One structure in place. ``radius`` is in mm, ``contrast`` signed, in units of the source's range [0, 1].

    ``box`` are the slices of the image that hold it; ``inside`` and ``around`` are boolean masks on that box: the
    structure's own voxels, and those near it against which it is seen.
    """

    shape: str
    radius: float
    contrast: float
    centre: tuple[int, ...]
    box: tuple[slice, ...]
    inside: Array
    around: Array


def _sphere(offset: Floats, along: Floats, radius: float, gap: float) -> Masks:
    distance = np.sqrt((offset**2).sum(axis=0))
    return distance <= radius, (distance > radius + gap) & (distance <= radius + 3.0 * gap)


def _rod(offset: Floats, along: Floats, radius: float, gap: float) -> Masks:
    """A cylinder of half the radius, four radii long."""
    distance = np.sqrt(np.maximum((offset**2).sum(axis=0) - along**2, 0.0))
    thick, length = max(0.5 * radius, 0.71 * gap), np.abs(along) <= 2.0 * radius
    return length & (distance <= thick), length & (distance > thick + gap) & (distance <= thick + 3.0 * gap)


def _edge(offset: Floats, along: Floats, radius: float, gap: float) -> Masks:
    """One half of a ball of twice the radius; it is seen against the other half."""
    near = np.sqrt((offset**2).sum(axis=0)) <= 2.0 * radius
    return near & (along > 0.0), near & (along <= -gap)


SHAPES: dict[str, Callable[[Floats, Floats, float, float], Masks]] = {"sphere": _sphere, "rod": _rod, "edge": _edge}


def least_edge(radius: float) -> int:
    """The edge of the smallest picture, or volume of even spacing, that a structure fits into (all in voxels)."""
    return 2 * _reach(radius, 1.0, 1.0) + 1


def _reach(radius: float, gap: float, step: float) -> int:
    """Voxels from a structure's centre to the end of its box."""
    return int(np.ceil((2.0 * radius + 3.0 * gap) / step))


def place_structures(
    where: Array,
    radii: Sequence[float],
    contrasts: Sequence[float],
    spacing: Sequence[float],
    seed: int,
    repeats: int = 1,
) -> list[Structure]:
    """Structures of every shape, radius and contrast, ``repeats`` times each, apart from one another inside ``where``.

    ``where`` is boolean (*spatial); ``radii`` are in mm, ``spacing`` in mm in the order of the array's axes. The sign
    of the contrast, the direction and the place are drawn with ``seed``. A structure for which there is no room is
    left out, so the list may be shorter, and empty where ``where`` is.
    """
    random = np.random.default_rng(seed)
    free = np.array(where, dtype=bool)
    candidates = np.flatnonzero(free)
    if candidates.size == 0:
        return []
    placed = []
    for radius, contrast, shape in list(product(sorted(radii, reverse=True), contrasts, SHAPES)) * repeats:
        signed = float(contrast * random.choice((-1.0, 1.0)))
        for structure in _proposals(shape, radius, signed, spacing, candidates, free.shape, random):
            taken = free[structure.box]
            needed = structure.inside | structure.around
            if taken[needed].mean() >= _LEAST_INSIDE and taken[structure.inside].all():
                free[structure.box] = False
                placed.append(structure)
                break
    return placed


def _proposals(
    shape: str,
    radius: float,
    contrast: float,
    spacing: Sequence[float],
    candidates: Array,
    size: tuple[int, ...],
    random: np.random.Generator,
) -> Iterator[Structure]:
    """The structure at random places where it fits into the image, in a random direction."""
    gap = float(min(spacing))
    direction = random.normal(size=len(size))
    direction /= np.linalg.norm(direction)
    reach = [_reach(radius, gap, step) for step in spacing]
    axes = [np.arange(-r, r + 1) * step for r, step in zip(reach, spacing, strict=True)]
    offset = np.stack(np.meshgrid(*axes, indexing="ij"))
    along = np.tensordot(direction, offset, axes=1)
    inside, around = SHAPES[shape](offset, along, radius, gap)
    for flat in random.choice(candidates, _TRIES):
        centre = tuple(int(place) for place in np.unravel_index(flat, size))
        box = tuple(slice(c - r, c + r + 1) for c, r in zip(centre, reach, strict=True))
        if all(part.start >= 0 and part.stop <= length for part, length in zip(box, size, strict=True)):
            yield Structure(shape, radius, contrast, centre, box, inside, around)
