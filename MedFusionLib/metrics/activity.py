"""How lively the fused image alone is: contrast, differences and edges, in grey levels of 0 to 255.

They describe a picture, and do not judge it: noise, haze and a contrast stretch raise them.
"""

from __future__ import annotations

from typing import Any

from MedFusionLib.fusion.filters import cut
from MedFusionLib.metrics.comparison import Comparison, compare, quotient
from MedFusionLib.metrics.edges import sobel
from MedFusionLib.metrics.windows import correlate

_LEVELS = 255.0


def standard_deviation(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Standard deviation SD of the fused image, of the population, in grey levels of 0 to 255.

    Survey, table 1. Range 0 to 127.5; higher means more contrast. Fooled by noise and by a contrast stretch.
    ``sources`` and ``spacing`` are not used.
    """
    it = compare(fused, sources, mask, spacing, shared)
    centred = it.fused - it.xp.reshape(it.mean(it.fused), (-1,) + (1,) * len(it.axes))
    return _LEVELS * it.xp.sqrt(it.mean(centred**2))


def spatial_frequency(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Spatial frequency SF: the root of the sum over the axes of the mean squared first differences, 0 to 255.

    Eskicioglu and Fisher 1995; survey, table 1. At least 0; higher means more detail. Fooled by noise. ``spacing``:
    differences along an axis are divided by its spacing over the finest one. ``sources`` are not used.
    """
    it = compare(fused, sources, mask, spacing, shared)
    total: Any = 0.0
    for axis, step in zip(it.axes, it.steps, strict=True):
        change = (cut(it.fused, axis, 1, None) - cut(it.fused, axis, None, -1)) / step
        pairs = it.xp.ones_like(change)
        if it.weight is not None:
            pairs = cut(it.weight, axis, 1, None) * cut(it.weight, axis, None, -1)
        total = total + quotient(
            it.xp, it.xp.sum(change**2 * pairs, axis=it.axes), it.xp.sum(pairs, axis=it.axes)
        )
    return _LEVELS * it.xp.sqrt(total)


def average_gradient(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Average gradient AG: the mean of sqrt(sum of squared slopes / number of axes), in grey levels of 0 to 255.

    Cui et al. 2015; survey, table 1; central differences, one-sided at the border. At least 0; higher means more
    detail. Fooled by noise and sharpening. ``spacing``: slopes along an axis are divided by its spacing over the finest
    one. ``sources`` are not used.
    """
    it = compare(fused, sources, mask, spacing, shared)
    squares = sum((_slope(it, axis) / step) ** 2 for axis, step in zip(it.axes, it.steps, strict=True))
    return _LEVELS * it.mean(it.xp.sqrt(squares / len(it.axes)))


def _slope(it: Comparison, axis: int) -> Any:
    if it.fused.shape[axis] == 1:
        return 0.0 * it.fused
    slope = correlate(it.fused, (-0.5, 0.0, 0.5), axis)
    # Beyond the border the edge value goes on, which halves the one-sided difference.
    ends = [2.0 * cut(slope, axis, 0, 1), 2.0 * cut(slope, axis, -1, None)]
    return it.xp.concat([ends[0], cut(slope, axis, 1, -1), ends[1]], axis=axis)


def edge_intensity(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Edge intensity EI: the mean length of Sobel's gradient of the fused image, in grey levels of 0 to 255.

    Rajalingam and Priya 2018; Sobel's weights unnormalised (sum of the positive ones 4 in 2-D, 16 in 3-D). At least
    0; higher means stronger edges. Fooled by noise and sharpening. ``spacing`` as in ``qabf``. ``sources`` are not
    used.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return _LEVELS * it.mean(sobel(it, 0).length)
