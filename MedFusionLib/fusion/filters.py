"""Separable filters over the spatial axes of ``(batch, source, *spatial)``, for numpy and torch alike."""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace, is_numpy_array


def spatial_axes(array: Any) -> range:
    """The axes after batch and source."""
    return range(2, len(array.shape))


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


def box_mean(array: Any, radius: int) -> Any:
    """The mean of the ``2 radius + 1`` wide box around each voxel, edges repeated; any number of axes."""
    for axis in spatial_axes(array):
        if array.shape[axis] > 1:
            array = _box_mean_along(array, axis, radius)
    return array


def _box_mean_along(array: Any, axis: int, radius: int) -> Any:
    width = 2 * radius + 1
    if is_numpy_array(array):
        from scipy.ndimage import uniform_filter1d

        return uniform_filter1d(array, width, axis=axis, mode="nearest")
    xp = array_namespace(array)
    # Running sums in float32 would lose the last digits of a long axis.
    sums = xp.cumulative_sum(xp.astype(pad_edge(array, axis, radius + 1, radius), xp.float64), axis=axis)
    return xp.astype((cut(sums, axis, width, None) - cut(sums, axis, None, -width)) / width, array.dtype)
