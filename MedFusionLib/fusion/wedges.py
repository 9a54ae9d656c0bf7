"""Directional windows: the frequency cube's pairs of opposite faces, each cut into wedges of equal slope.

In ``d`` dimensions a wedge belongs to one of ``d`` faces (the axis along which its frequencies are greatest)
and to one of ``count`` slopes along each of the ``d - 1`` other axes: ``2 count`` wedges in 2-D,
``3 count^2`` in 3-D, each together with its opposite. It is the partition of directional filter banks
(Bamberger and Smith 1992; in 3-D Lu and Do 2007) and of the digital curvelets (Candès et al. 2006). Before
normalisation the window of a wedge is the product of one-dimensional bumps in the slopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]
#: The axis of the face, and for every other axis the number of the slope.
Wedge = tuple[int, dict[int, int]]


def rise(t: Real) -> Real:
    """Meyer's smooth step from 0 (t <= 0) to 1 (t >= 1): the squares of ``rise(t)`` and ``rise(1 - t)`` add to 1."""
    t = np.clip(t, 0.0, 1.0)
    stepped: Real = np.sin(np.pi / 2 * t**4 * (35 - 84 * t + 70 * t**2 - 20 * t**3))
    return stepped


def all_wedges(dimension: int, count: int) -> Iterator[Wedge]:
    """Every wedge of a partition with ``count`` slopes an axis."""
    for face in range(dimension):
        others = [axis for axis in range(dimension) if axis != face]
        for slopes in product(range(count), repeat=dimension - 1):
            yield face, dict(zip(others, slopes, strict=True))


def slope_range(number: int, count: int) -> tuple[float, float]:
    """The slopes between which the bump ``number`` of ``count`` is not zero."""
    return (2 * number - 1) / count - 1, (2 * number + 3) / count - 1


def bump(slope: Real, number: int, count: int) -> Real:
    """The window over the slope; the squares of all ``count`` add to 1 but near the edges of the face."""
    t = (slope - slope_range(number, count)[0]) * count / 2
    return rise(t) * rise(2 - t)


def slope(across: Real, along: Real) -> Real:
    """``across / along``, both broadcast; beyond every window where ``along`` is zero."""
    across, along = np.broadcast_arrays(across, along)
    steepness: Real = np.divide(across, along, out=np.full(across.shape, np.inf), where=along != 0)
    return steepness


def power(axes: list[Real], count: int) -> Real:
    """The sum of the squared windows of all wedges at the frequencies ``axes`` (one array an axis).

    It is 1 inside the faces and varies around 1 where faces meet; at frequency 0 it is set to 1.
    """
    dimension = len(axes)
    grids = [axis.reshape([-1 if i == k else 1 for i in range(dimension)]) for k, axis in enumerate(axes)]
    total = np.zeros([len(axis) for axis in axes])
    for face in range(dimension):
        part: Any = 1.0
        for axis in range(dimension):
            if axis != face:
                edge = np.abs(slope(grids[axis], grids[face]))
                part = part * rise((1 - edge) * count / 2 + 0.5) ** 2
        total += part
    total[total == 0] = 1.0
    return total
