"""Moving windows over the spatial axes of (batch, *spatial), for numpy and torch alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from MedFusionLib.arrays import array_namespace, is_numpy_array
from MedFusionLib.fusion.filters import cut, pad_edge

# So few taps are quicker as sums of shifted pictures than by SciPy.
_FEW = 3
# Places whose windows are weighed by one product of matrices, and its size: so small that BLAS starts no threads for
# it, which on a busy machine wait for one another many times longer than they work.
_BLOCK = 32
_PRODUCT = 2**18
_SMALL = 2**15


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
        weights = fitting(taps, image.shape[axis])
        if len(weights) > 1:
            image = slide(image, weights, axis)
    return image


def window_means(images: Sequence[Any], taps: Sequence[float]) -> list[Any]:
    """:func:`window_mean` of pictures of one shape, small ones at once: each call has its price."""
    if math.prod(images[0].shape) > _SMALL:
        return [window_mean(image, taps) for image in images]
    together = array_namespace(images[0]).concat(list(images), axis=0)
    means, batch = window_mean(together, taps), images[0].shape[0]
    return [means[start : start + batch, ...] for start in range(0, means.shape[0], batch)]


def slide(image: Any, taps: Sequence[float], axis: int) -> Any:
    """``image`` correlated along ``axis`` with ``taps`` where all of them lie inside: shorter by their number less 1.

    Done as products with a small banded matrix, block by block: several times quicker than a filter.
    """
    xp, last, stop = array_namespace(image), len(image.shape) - 1, image.shape[axis] - len(taps) + 1
    matrix = xp.asarray(_banded(tuple(taps)), dtype=image.dtype, device=image.device)
    lines = image if axis == last else xp.moveaxis(image, axis, -2)
    along = -1 if axis == last else -2
    shape = [*lines.shape]
    shape[along] = stop
    made = xp.empty(tuple(shape), dtype=image.dtype, device=image.device)
    block = max(1, min(_BLOCK, _PRODUCT // (lines.shape[-3 - along] * len(taps))))
    for start in range(0, stop, block):
        count = min(block, stop - start)
        rows, voxels = matrix[:count, : count + len(taps) - 1], slice(start, start + count + len(taps) - 1)
        if axis == last:
            left, right, place = lines[..., voxels], rows.T, made[..., start : start + count]
        else:
            left, right, place = rows, lines[..., voxels, :], made[..., start : start + count, :]
        if is_numpy_array(image):
            np.matmul(left, right, out=place)
        else:
            # torch has no gradient for a product written in place.
            place[...] = left @ right
    return made if axis == last else xp.moveaxis(made, -2, axis)


@lru_cache(maxsize=32)
def _banded(taps: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """The matrix that correlates a line with ``taps`` at a block of places."""
    matrix = np.zeros((_BLOCK, _BLOCK + len(taps) - 1))
    for row in range(_BLOCK):
        matrix[row, row : row + len(taps)] = taps
    return matrix
