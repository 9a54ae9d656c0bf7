"""Moving windows over the spatial axes of (batch, *spatial), for numpy and torch alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from MedFusionLib.arrays import is_numpy_array
from MedFusionLib.fusion.filters import cut, pad_edge

# So few taps are quicker as sums of shifted pictures than by SciPy.
_FEW = 3


def gaussian_taps(radius: int, sigma: float) -> list[float]:
    """A Gaussian of ``sigma`` voxels at the offsets -radius to radius, with sum 1."""
    taps = [math.exp(-0.5 * (offset / sigma) ** 2) for offset in range(-radius, radius + 1)]
    return [tap / sum(taps) for tap in taps]


def uniform_taps(radius: int) -> list[float]:
    """Equal weights over the window, with sum 1."""
    return [1.0 / (2 * radius + 1)] * (2 * radius + 1)


def correlate(image: Any, taps: Sequence[float], axis: int) -> Any:
    """``image`` correlated along ``axis`` with ``taps`` (odd in number); beyond its border the edge value goes on."""
    if is_numpy_array(image) and len(taps) > _FEW:
        from scipy.ndimage import correlate1d, uniform_filter1d

        if min(taps) == max(taps):
            return uniform_filter1d(image, len(taps), axis, mode="nearest") * (taps[0] * len(taps))
        return correlate1d(image, taps, axis, mode="nearest")
    size, radius = image.shape[axis], len(taps) // 2
    padded = pad_edge(image, axis, radius, radius)
    return sum(tap * cut(padded, axis, start, start + size) for start, tap in enumerate(taps) if tap)


def fitting(taps: Sequence[float], length: int) -> list[float]:
    """The middle of ``taps`` that fits along an axis of ``length`` voxels, with sum 1."""
    surplus = max(0, len(taps) // 2 - (length - 1) // 2)
    middle = list(taps[surplus : len(taps) - surplus])
    return [tap / sum(middle) for tap in middle]


def inner(shape: Sequence[int], width: int) -> tuple[slice, ...]:
    """Where in a picture of ``shape`` the middle of a window ``width`` wide may lie."""
    radii = (min(width // 2, (length - 1) // 2) for length in shape)
    return tuple(slice(radius, length - radius) for radius, length in zip(radii, shape, strict=True))


def window_mean(image: Any, taps: Sequence[float]) -> Any:
    """The mean of (batch, *spatial) weighted by ``taps`` along every axis, at :func:`inner` only."""
    for axis in range(1, len(image.shape)):
        length = image.shape[axis]
        weights = fitting(taps, length)
        radius = len(weights) // 2
        if radius:
            image = cut(correlate(image, weights, axis), axis, radius, length - radius)
    return image
