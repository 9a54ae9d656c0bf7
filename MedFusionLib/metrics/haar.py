"""The Haar wavelet's bands, by sums and differences of two neighbours."""

from __future__ import annotations

import math
from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.fusion.filters import cut, pad_edge


def haar(picture: Any) -> list[Any]:
    """The orthonormal bands of (batch, *spatial) at half the size, the low one first; odd axes repeat their end."""
    bands = [picture]
    for axis in range(1, len(picture.shape)):
        if picture.shape[axis] > 1:
            bands = [half for band in bands for half in _split(band, axis)]
    return bands


def _split(band: Any, axis: int) -> tuple[Any, Any]:
    if band.shape[axis] % 2:
        band = pad_edge(band, axis, 0, 1)
    one, other = cut(band, axis, 0, None, 2), cut(band, axis, 1, None, 2)
    return (one + other) / math.sqrt(2.0), (one - other) / math.sqrt(2.0)


def inside(weight: Any) -> Any:
    """The mask of the bands of a masked picture: 1 where every voxel that a coefficient is made of is inside."""
    low = haar(weight)[0]
    scale = math.sqrt(2.0) ** sum(length > 1 for length in weight.shape[1:])
    xp = array_namespace(weight)
    return xp.astype(low > scale * (1 - 1e-9), weight.dtype)
