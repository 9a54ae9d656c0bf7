"""Structural similarity with a Gaussian window, in two and three dimensions."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

from MedFusionLib.metrics.batch import check, masked_mean, weights

_RADIUS, _SIGMA = 5, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def ssim(fused: Any, sources: Any, mask: Any = None, spacing: Any = None) -> Any:
    """Structural similarity of the fused image with each source, summed over the sources.

    Wang et al. 2004: window of 11 voxels a side, Gaussian with sigma 1.5 voxels, K1 .01, K2 .03, range of
    intensities 1, averaged where the whole window lies inside the image (and, with a mask, inside the mask's
    true voxels); along an axis shorter than 11 the window is as long as fits. The survey's equation 3 is half
    the sum for two sources. Range -n to n for n sources; higher is better. Fooled by the average of
    the sources. ``spacing`` is not used: the window is in voxels. Returns one value for each item of
    the batch; NaN where no window lies inside the mask.
    """
    xp = check(fused, sources, mask)
    fused = xp.astype(fused, xp.float64)
    inner = _inner(fused.shape[1:])
    weight = weights(xp, fused, mask)[(slice(None), *inner)]
    fused_mean = _blur(xp, fused)
    fused_square = _blur(xp, fused * fused) - fused_mean**2
    total = xp.zeros_like(fused[:, *(0,) * (fused.ndim - 1)])
    for number in range(sources.shape[1]):
        source = xp.astype(sources[:, number, ...], xp.float64)
        mean = _blur(xp, source)
        square = _blur(xp, source * source) - mean**2
        shared = _blur(xp, source * fused) - mean * fused_mean
        similarity = (2 * mean * fused_mean + _C1) * (2 * shared + _C2)
        similarity = similarity / ((mean**2 + fused_mean**2 + _C1) * (square + fused_square + _C2))
        total = total + masked_mean(xp, similarity, weight)
    return total


def _radius(length: int) -> int:
    """The half width of the window along an axis of ``length`` voxels."""
    return min(_RADIUS, (length - 1) // 2)


def _inner(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Where the whole window lies inside the image."""
    return tuple(slice(_radius(length), length - _radius(length)) for length in shape)


def _blur(xp: ModuleType, image: Any) -> Any:
    """The Gaussian mean of (batch, *spatial) where the whole window lies inside, by shifted sums axis by axis."""
    for axis in range(1, image.ndim):
        length = image.shape[axis]
        radius = _radius(length)
        taps = [math.exp(-0.5 * (offset / _SIGMA) ** 2) for offset in range(-radius, radius + 1)]
        width = length - 2 * radius
        before = (slice(None),) * axis
        image = sum((tap / sum(taps)) * image[(*before, slice(start, start + width))] for start, tap in enumerate(taps))
    return image
