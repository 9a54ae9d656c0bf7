"""Likeness of the phase congruency of fused and sources (Zhao, Laganiere and Liu)."""

from __future__ import annotations

from typing import Any

from MedFusionLib.metrics.comparison import Comparison, compare, quotient
from MedFusionLib.metrics.phase_congruency import feature_maps
from MedFusionLib.metrics.ssim import GAUSSIAN
from MedFusionLib.metrics.windows import window_means

_LEVELS = 255.0
_STEADY = 1e-4
_FEATURE = 0.1


def q_p(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Zhao's Q_P: the features of the sources, found by phase congruency, seen again in the fused image.

    Zhao, Laganiere and Liu 2007, as Liu's program has it: the product over three maps (phase congruency, its
    largest and its smallest moment; Kovesi) of the mean, over the places where a source's phase congruency is above
    .1, of the largest correlation of fused's map with a source's or with that of the source of more congruency;
    correlation (cov + .0001) / (spread spread + .0001) in windows of 11 voxels a side, Gaussian with sigma 1.5, the
    sources' maps 0 where they have no feature and beyond the border. Range -1 to 1 (near .9 for a copy, because
    fused's map is not cut); higher is better. Fooled by copying a source: the best one counts. ``spacing`` is not
    used. In 3-D the directions are the icosahedron's, and volumes of more than 4 million voxels are measured at
    half their resolution (means of 2 x 2 x 2), which reads .1 to .2 higher, and .4 with noise: do not compare it
    with the Q_P of smaller ones. NaN where no source has a feature.
    """
    it = compare(fused, sources, mask, spacing, shared)
    xp = it.xp
    made, *own = [feature_maps(xp, _LEVELS * picture) for picture in (it.fused, *it.sources)]
    strongest = own[0]
    for other in own[1:]:
        more = other[0] > strongest[0]
        strongest = [xp.where(more, new, old) for new, old in zip(other, strongest, strict=True)]
    candidates = [*own, strongest]
    features = [xp.astype(maps[0] > _FEATURE, xp.float32) for maps in candidates]
    counted = xp.astype(features[-1], xp.float64)
    weight = _reduced(it, tuple(counted.shape))
    counted = counted if weight is None else counted * weight
    total, product = xp.sum(counted, axis=it.axes), 1.0
    for number, feature in enumerate(made):
        maps = [maps[number] * inside for maps, inside in zip(candidates, features, strict=True)]
        best = _best_likeness(xp, feature, maps, features)
        product = product * quotient(xp, xp.sum(best * counted, axis=it.axes), total, float("nan"))
    return product


def _reduced(it: Comparison, shape: tuple[int, ...]) -> Any:
    """The mask at the size of the maps; None without a mask."""
    if it.weight is None or tuple(it.weight.shape) == shape:
        return it.weight
    whole = tuple(slice(0, 2 * length) for length in shape[1:])
    return it.weight[(slice(None), *whole)][(slice(None), *(slice(None, None, 2),) * (len(shape) - 1))]


def _best_likeness(xp: Any, made: Any, maps: list[Any], features: list[Any]) -> Any:
    """The largest local correlation of ``made`` with one of ``maps``, each 0 where it has no feature."""
    squares, products = [other**2 for other in maps], [other * made for other in maps]
    mean, square, *local = _means(xp, [made, made**2, *maps, *squares, *products])
    variance, count, best = square - mean**2, len(maps), None
    for number, inside in enumerate(features):
        centre, own, both = local[number::count]
        spread = (own - centre**2) * variance
        likeness = (both - centre * mean + _STEADY) / (xp.sqrt(xp.abs(spread)) + _STEADY) * inside
        best = likeness if best is None else xp.maximum(best, likeness)
    return best


def _means(xp: Any, pictures: list[Any]) -> list[Any]:
    """The Gaussian means at every place; 0 goes on beyond the border."""
    radius = len(GAUSSIAN) // 2
    return window_means([_framed(xp, picture, radius) for picture in pictures], GAUSSIAN)


def _framed(xp: Any, picture: Any, width: int) -> Any:
    """``picture`` with a frame of zeros."""
    batch, *spatial = picture.shape
    framed = xp.zeros((batch, *(length + 2 * width for length in spatial)), dtype=picture.dtype, device=picture.device)
    framed[(slice(None), *(slice(width, width + length) for length in spatial))] = picture
    return framed
