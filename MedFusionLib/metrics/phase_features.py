"""Likeness of the phase congruency of fused and sources (Zhao, Laganiere and Liu)."""

from __future__ import annotations

from typing import Any

from MedFusionLib.metrics.comparison import Comparison, compare
from MedFusionLib.metrics.phase_congruency import feature_maps

_LEVELS = 255.0
_STEADY = 1e-4


def q_p(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Zhao's Q_P: the features of the sources, found by phase congruency, seen again in the fused image.

    Zhao, Laganiere and Liu 2007: the product over three maps (phase congruency, its largest and its smallest
    moment; Kovesi) of the largest correlation of fused's map with a source's or with the maximum of the sources';
    correlation (cov + .0001) / (spread spread + .0001) over the picture. Range -1 to 1; higher is better. Fooled by
    copying a source: the best one counts. ``spacing`` is not used. In 3-D the directions are the icosahedron's.
    """
    it = compare(fused, sources, mask, spacing, shared)
    xp = it.xp
    made, *own = [feature_maps(xp, _LEVELS * picture) for picture in (it.fused, *it.sources)]
    reduced = _reduced(it, tuple(made[0].shape))
    product: Any = 1.0
    for number, feature in enumerate(made):
        maps = [features[number] for features in own]
        strongest = maps[0]
        for other in maps[1:]:
            strongest = xp.maximum(strongest, other)
        likeness = [_correlation(it, reduced, feature, candidate) for candidate in (*maps, strongest)]
        best = likeness[0]
        for other in likeness[1:]:
            best = xp.maximum(best, other)
        product = product * best
    return product


def _reduced(it: Comparison, shape: tuple[int, ...]) -> Any:
    """The mask at the size of the maps; None without a mask."""
    if it.weight is None or tuple(it.weight.shape) == shape:
        return it.weight
    whole = tuple(slice(0, 2 * length) for length in shape[1:])
    return it.weight[(slice(None), *whole)][(slice(None), *(slice(None, None, 2),) * (len(shape) - 1))]


def _correlation(it: Comparison, weight: Any, one: Any, other: Any) -> Any:
    xp = it.xp
    one, other = xp.astype(one, xp.float64), xp.astype(other, xp.float64)
    weight = xp.ones_like(one) if weight is None else weight
    total = xp.sum(weight, axis=it.axes, keepdims=True)
    one = one - xp.sum(weight * one, axis=it.axes, keepdims=True) / total
    other = other - xp.sum(weight * other, axis=it.axes, keepdims=True) / total
    count = xp.sum(weight, axis=it.axes)
    shared = xp.sum(weight * one * other, axis=it.axes) / count
    spread = xp.sum(weight * one**2, axis=it.axes) * xp.sum(weight * other**2, axis=it.axes) / count**2
    return (shared + _STEADY) / (xp.sqrt(spread) + _STEADY)
