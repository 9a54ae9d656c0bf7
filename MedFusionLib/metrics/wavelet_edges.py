"""Preservation of edges in the bands of a wavelet (Wang and Liu)."""

from __future__ import annotations

from typing import Any

from MedFusionLib.metrics.comparison import Comparison, compare, quotient
from MedFusionLib.metrics.haar import haar, inside

_POWERS = (2.0 / 3.0, 1.0 / 3.0)
_LEVELS = 255.0


def q_m(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Wang and Liu's Q_M: how well the sources' wavelet details are kept, where they are strong.

    Wang and Liu 2008: at each of two levels of the Haar wavelet (orthonormal, 0 to 255) the sum over the sources
    and places of E w / sum of w, E the mean over the detail bands of exp(-|band of S - band of F|), w the sum of
    the squared bands of S; the product of both levels (the finer first) to the powers 2/3 and 1/3. Liu's program
    adds the bands where this is their mean, and prints 3 times as much. Range 0 to 1; higher is better. Fooled by
    copying a source of strong edges. ``spacing`` is not used. NaN where no source has details.
    """
    it = compare(fused, sources, mask, spacing, shared)
    pictures, weight = [_LEVELS * picture for picture in (it.fused, *it.sources)], it.weight
    product: Any = 1.0
    for power in _POWERS:
        bands = [haar(picture) for picture in pictures]
        pictures = [band[0] for band in bands]
        weight = None if weight is None else inside(weight)
        product = product * _kept(it.xp, [band[1:] for band in bands], weight) ** power
    return product


def _kept(xp: Any, details: list[list[Any]], weight: Any) -> Any:
    """The share of the sources' details of one level that fused (the first entry) keeps."""
    above: Any = 0.0
    below: Any = 0.0
    fused, *sources = details
    for source in sources:
        likeness = sum(xp.exp(-xp.abs(own - made)) for own, made in zip(source, fused, strict=True)) / len(source)
        energy = sum(own**2 for own in source)
        if weight is not None:
            energy = energy * weight
        axes = tuple(range(1, energy.ndim))
        above, below = above + xp.sum(likeness * energy, axis=axes), below + xp.sum(energy, axis=axes)
    return quotient(xp, above, below, float("nan"))
