"""Separable filters over the spatial axes of ``(batch, source, *spatial)``, for numpy and torch alike.

Beyond its border an array goes on with its edge value; axes of one voxel are left alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from MedFusionLib.arrays import array_namespace, is_numpy_array

_WORTH_THREADS = 2**18


def spatial_axes(array: Any) -> list[int]:
    """The axes after batch and source that have more than one voxel."""
    return [axis for axis in range(2, len(array.shape)) if array.shape[axis] > 1]


def cut(array: Any, axis: int, start: int | None, stop: int | None, step: int | None = None) -> Any:
    """``array[start:stop:step]`` along ``axis``; a view."""
    return array[(slice(None),) * axis + (slice(start, stop, step),)]


def pad_edge(array: Any, axis: int, before: int, after: int) -> Any:
    """``array`` with its first and last samples along ``axis`` repeated."""
    xp = array_namespace(array)
    parts = []
    for edge, count in ((cut(array, axis, 0, 1), before), (cut(array, axis, -1, None), after)):
        shape = tuple(count if i == axis else n for i, n in enumerate(array.shape))
        parts.append(xp.broadcast_to(edge, shape))
    return xp.concat([parts[0], array, parts[1]], axis=axis)


def correlate(array: Any, taps: Sequence[float], axis: int) -> Any:
    """``array`` correlated along ``axis`` with ``taps`` (odd in number, the middle one at the voxel)."""
    if is_numpy_array(array):
        from scipy.ndimage import correlate1d

        return _in_threads(lambda part, output: correlate1d(part, taps, axis, output, mode="nearest"), array, axis)
    size, radius = array.shape[axis], len(taps) // 2
    padded = pad_edge(array, axis, radius, radius)
    return sum(tap * cut(padded, axis, i, i + size) for i, tap in enumerate(taps) if tap)


def gaussian_blur(array: Any, sigma: float) -> Any:
    """``array`` blurred by a Gaussian of ``sigma`` voxels, cut off at three of them."""
    offsets = np.arange(-int(np.ceil(3 * sigma)), int(np.ceil(3 * sigma)) + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    taps = [float(tap) for tap in weights / weights.sum()]
    for axis in spatial_axes(array):
        array = correlate(array, taps, axis)
    return array


def laplacian(array: Any) -> Any:
    """The sum of the second differences along the spatial axes."""
    return sum((correlate(array, (1.0, -2.0, 1.0), axis) for axis in spatial_axes(array)), 0.0 * array)


def squared_gradient(array: Any) -> Any:
    """The squared magnitude of the gradient by central differences, per voxel squared."""
    slopes = (correlate(array, (-0.5, 0.0, 0.5), axis) for axis in spatial_axes(array))
    return sum((slope * slope for slope in slopes), 0.0 * array)


def box_mean(array: Any, radius: int) -> Any:
    """The mean of the ``2 radius + 1`` wide box around each voxel."""
    for axis in spatial_axes(array):
        array = _box_mean_along(array, axis, radius)
    return array


def _box_mean_along(array: Any, axis: int, radius: int) -> Any:
    width = 2 * radius + 1
    if is_numpy_array(array):
        from scipy.ndimage import uniform_filter1d

        return _in_threads(lambda part, output: uniform_filter1d(part, width, axis, output, mode="nearest"),
                           array, axis)
    xp = array_namespace(array)
    # Running sums in float32 would lose the last digits of a long axis.
    sums = xp.cumulative_sum(xp.astype(pad_edge(array, axis, radius + 1, radius), xp.float64), axis=axis)
    return xp.astype((cut(sums, axis, width, None) - cut(sums, axis, None, -width)) / width, array.dtype)


def _in_threads(function: Callable[[Any, Any], None], array: Any, axis: int) -> Any:
    """``function(part, output)``, which filters along ``axis``, over parts along another; SciPy lets threads run at
    once.
    """
    output = np.empty_like(array)
    cores = os.cpu_count() or 1
    others = [other for other in range(array.ndim) if other != axis % array.ndim]
    if cores == 1 or array.size < _WORTH_THREADS or not others:
        function(array, output)
        return output
    # Parts along an early axis lie together in memory.
    longest = max(others, key=lambda other: array.shape[other])
    along = next((other for other in others if array.shape[other] >= cores), longest)
    count = min(array.shape[along], cores)
    parts, outputs = np.array_split(array, count, along), np.array_split(output, count, along)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(function, parts, outputs))
    return output
