"""The range that a fused image may take at each voxel, so that transforms with long filters do not ring."""

from __future__ import annotations

from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.fusion.filters import cut, pad_edge, spatial_axes

#: A detail may at most double the brightest source at a voxel: black stays black however bright its neighbours.
_HEADROOM = 2.0


def keep_within(fused: Any, sources: Any) -> Any:
    """``fused`` limited to what the sources show around each voxel.

    Mixing the bands of different sources lets the long filters of a transform ring where the sources are
    smooth or black. A voxel of the result is therefore not below the least nor above the greatest value that
    any source has in its 3 x 3 (x 3) neighbourhood, and not above twice the greatest value at the voxel
    itself. ``fused`` is ``(batch, 1, *spatial)``, ``sources`` ``(batch, source, *spatial)``, not negative.
    """
    xp = array_namespace(sources)
    greatest = xp.max(sources, axis=1, keepdims=True)
    least = _around(xp.min(sources, axis=1, keepdims=True), xp.minimum)
    upper = xp.minimum(_around(greatest, xp.maximum), _HEADROOM * greatest)
    return xp.minimum(xp.maximum(fused, least), upper)


def _around(array: Any, extreme: Any) -> Any:
    """The ``extreme`` of each voxel and its neighbours, axis by axis."""
    for axis in spatial_axes(array):
        padded = pad_edge(array, axis, 1, 1)
        array = extreme(extreme(cut(padded, axis, None, -2), cut(padded, axis, 2, None)), array)
    return array
