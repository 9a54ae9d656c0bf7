"""Overlapping patches of pictures and volumes: taken out, and maps of one value a patch spread back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.floating[Any]]


def grid_size(size: int, edge: int, stride: int) -> int:
    """How many patches of ``edge`` samples, ``stride`` apart, cover an axis of ``size`` samples."""
    return 1 + max(0, -(-(size - edge) // stride))


def covered(array: Real, edge: int, stride: int) -> Real:
    """``array`` mirrored at the far end of each axis, as far as its last patches reach."""
    for axis, size in enumerate(array.shape):
        reach = edge + stride * (grid_size(size, edge, stride) - 1)
        index = np.arange(reach) % (2 * size)
        array = array.take(np.where(index < size, index, 2 * size - 1 - index), axis=axis)
    return array


def patches(array: Real, edge: int, stride: int) -> Real:
    """The patches of a covered ``array``, ``(*grid, edge, ..., edge)``; a view."""
    windows = np.lib.stride_tricks.sliding_window_view(array, (edge,) * array.ndim)
    return windows[(slice(None, None, stride),) * array.ndim]


def spread_mean(values: Real, shape: tuple[int, ...], edge: int, stride: int) -> Real:
    """For each voxel of ``shape`` the weighted mean of ``values`` (one a patch) over the patches that hold it.

    A patch counts less towards its border (a hat along each axis), so that a stride leaves no pattern.
    """
    for axis, size in enumerate(shape):
        values = _spread_axis(values, axis, size, edge, stride)
    return values


def _spread_axis(values: Real, axis: int, size: int, edge: int, stride: int) -> Real:
    values = np.moveaxis(values, axis, 0)
    count = len(values)
    total = np.zeros((edge + stride * (count - 1), *values.shape[1:]), values.dtype)
    number = np.zeros(len(total), values.dtype)
    for offset in range(edge):
        weight = min(offset + 1, edge - offset)
        places = slice(offset, offset + stride * (count - 1) + 1, stride)
        total[places] += weight * values
        number[places] += weight
    total /= number.reshape(-1, *[1] * (values.ndim - 1))
    return np.moveaxis(total[:size], 0, axis)
