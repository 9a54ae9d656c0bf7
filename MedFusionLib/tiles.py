"""The fields of a checkerboard in space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MedFusionLib.volume import Array


def second_fields(shape: Sequence[int], spacing: Sequence[float], tile: float = 20.0) -> Array:
    """Where a checkerboard of cubes shows the second of two volumes: boolean, of ``shape``.

    ``spacing`` is in mm in the order of ``shape``; ``tile`` is the edge of a cube in mm. Every plane along the axes
    of the grid is a checkerboard.
    """
    places: tuple[Array, ...] = np.indices(tuple(shape), sparse=True)
    field = np.zeros(tuple(shape), int)
    for place, step in zip(places, spacing, strict=True):
        field += (place * step // tile).astype(int)
    return np.asarray(field % 2 == 1)
