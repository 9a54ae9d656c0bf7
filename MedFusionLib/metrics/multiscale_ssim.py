"""Structural similarity over several scales."""

from __future__ import annotations

from typing import Any

from MedFusionLib.fusion.filters import cut
from MedFusionLib.metrics.comparison import Comparison, compare
from MedFusionLib.metrics.ssim import GAUSSIAN, contrast_and_structure, moments, similarity_maps
from MedFusionLib.metrics.windows import inner

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_LEAST = 2 * len(GAUSSIAN)


def ms_ssim(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Multi-scale structural similarity of the fused image with each source, summed over the sources.

    Wang, Simoncelli and Bovik 2003: the product over five scales of the mean contrast and structure terms, at the
    last scale of the mean SSIM, each to the power .0448, .2856, .3001, .2363, .1333 (a negative mean counts as 0);
    windows and constants as in ``ssim``, scales by means of two voxels along each axis of at least 22. Where no axis
    is so long there are fewer scales, their powers scaled to sum 1. Range 0 to n for n sources; higher is better.
    Fooled by averaging the sources. ``spacing`` is not used. NaN where no window is in the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    levels = [it]
    while len(levels) < len(_WEIGHTS) and max(levels[-1].fused.shape[1:]) >= _LEAST:
        levels.append(_halved(levels[-1]))
    powers = [weight / sum(_WEIGHTS[: len(levels)]) for weight in _WEIGHTS]
    products: list[Any] = [1.0] * len(it.sources)
    for place, level in enumerate(levels):
        inside = inner(level.fused.shape[1:], len(GAUSSIAN))
        last = place == len(levels) - 1
        maps = similarity_maps(level) if last else contrast_and_structure(moments(level))
        means = [it.xp.clip(level.mean(values, inside), 0.0, None) for values in maps]
        products = [product * mean ** powers[place] for product, mean in zip(products, means, strict=True)]
    return sum(products)


def _halved(it: Comparison) -> Comparison:
    """The comparison at half the resolution; a voxel is inside the mask where most of its parts are."""
    xp = it.xp
    weight = None if it.weight is None else _pooled(it.weight)
    mask = None if weight is None else xp.astype(weight >= 0.5, xp.float64)
    sources = xp.stack([_pooled(source) for source in it.sources], axis=1)
    return Comparison(_pooled(it.fused), sources, _or_everything(xp, mask, weight))


def _or_everything(xp: Any, mask: Any, weight: Any) -> Any:
    """``mask``; an item of which nothing would be left keeps every voxel that it touches."""
    if mask is None:
        return None
    lost = xp.sum(mask, axis=tuple(range(1, mask.ndim)), keepdims=True) == 0
    return xp.where(lost, xp.astype(weight > 0, xp.float64), mask)


def _pooled(picture: Any) -> Any:
    """Means of two neighbours along each axis that is long enough; a last odd voxel is left out."""
    for axis in range(1, len(picture.shape)):
        length = picture.shape[axis] // 2 * 2
        if length >= _LEAST:
            picture = (cut(picture, axis, 0, length, 2) + cut(picture, axis, 1, length, 2)) / 2
    return picture
