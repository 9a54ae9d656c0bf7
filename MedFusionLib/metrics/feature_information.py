"""Feature mutual information: what small windows of the sources' features and of fused's tell of one another."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from MedFusionLib.metrics.comparison import Comparison, compare, quotient
from MedFusionLib.metrics.edges import sobel
from MedFusionLib.metrics.haar import haar, inside

_SIDE = 3
# One window in so many, along diagonals: there are enough of them, and neighbours say the same.
_ONE_IN = {2: 4, 3: 27}
_NOTHING = 1e-12
# Below this, differences of pictures in [0, 1] are rounding errors, in single precision too.
_ALIKE = 1e-6


def fmi_pixel(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Feature mutual information of the grey values: the mean over sources and windows of 2 I / (H_S + H_F).

    Haghighat, Aghagolzadeh and Seyedarabi 2011: a window's values, scaled from 0 to sum 1, are a distribution over
    its voxels; the joint distribution of S and F is a mixture of the Frechet bound (upper or lower after the sign
    of the correlation) and the independent one that has the correlation of the values; natural logarithms cancel.
    The mixture's share is kept to 0 to 1; windows where S and F are the same count 1, flat ones that differ 0, as
    in the authors' program. Subsampled: windows of 3 voxels a side that lie side by side, one in 4 of them (in 3-D
    one in 27), where the program has one at each voxel; on brain slices .01 or less apart. Range 0 to 1; higher is
    better. Fooled by copying a source. ``spacing`` is not used. NaN where no window is in the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return _information(it, lambda place: [[it.fused, *it.sources][place]], it.weight)


def fmi_gradient(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Feature mutual information of the length of Sobel's gradient.

    Haghighat et al. 2011; windows and formula as in ``fmi_pixel``. The authors' program takes the slope along x
    alone; here the length, so that turning the pictures changes nothing. Range 0 to 1; higher is better. Fooled by
    copying a source. ``spacing``: as in ``qabf``. NaN where no window is in the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return _information(it, lambda place: [sobel(it, place).length], it.weight)


def fmi_wavelet(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Feature mutual information of wavelet coefficients, all bands of one level.

    Haghighat et al. 2011; windows and formula as in ``fmi_pixel``. The Haar wavelet for the program's discrete
    Meyer one, and coefficients as they are: the program stretches those of each picture to 0 to 1, which makes
    black in S and black in F differ. Range 0 to 1; higher is better. Fooled by copying a source. ``spacing`` is not
    used. NaN where no window is in the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    weight = None if it.weight is None else inside(it.weight)
    return _information(it, lambda place: haar([it.fused, *it.sources][place]), weight)


def _information(it: Comparison, feature: Callable[[int], list[Any]], weight: Any) -> Any:
    """The mean information of the windows of fused's features with those of each source."""
    xp = it.xp
    fused = _windows(xp, feature(0))
    counted = None
    if weight is not None:
        whole = xp.astype(xp.min(_windows(xp, [weight]), axis=0) > 0, xp.float64)
        counted = xp.concat([whole] * (fused.shape[2] // whole.shape[1]), axis=1)
    total: Any = 0.0
    for place in range(len(it.sources)):
        source = _windows(xp, feature(place + 1))
        different = xp.max(xp.abs(source - fused), axis=0) > _ALIKE
        shared = xp.ones_like(fused[0, ...])
        shared[different] = _shared(xp, _distribution(xp, source[:, different]), _distribution(xp, fused[:, different]))
        if counted is None:
            total = total + xp.mean(shared, axis=1)
        else:
            total = total + quotient(xp, xp.sum(shared * counted, axis=1), xp.sum(counted, axis=1), float("nan"))
    return total / len(it.sources)


def _windows(xp: Any, features: list[Any]) -> Any:
    """Features (batch, *spatial) as (voxel, batch, window): windows side by side, shorter along too short axes."""
    return xp.concat([_blocks(xp, feature) for feature in features], axis=2)


def _blocks(xp: Any, feature: Any) -> Any:
    batch, *shape = feature.shape
    sides = [min(_SIDE, length) for length in shape]
    counts = [length // side for length, side in zip(shape, sides, strict=True)]
    whole = tuple(slice(0, count * side) for count, side in zip(counts, sides, strict=True))
    split = [number for pair in zip(counts, sides, strict=True) for number in pair]
    blocks = xp.reshape(feature[(slice(None), *whole)], (batch, *split))
    places, voxels = range(1, 2 * len(shape), 2), range(2, 2 * len(shape) + 1, 2)
    windows = xp.reshape(xp.permute_dims(blocks, (*voxels, 0, *places)), (prod(sides), batch, -1))
    chosen = np.flatnonzero(np.indices(counts).sum(axis=0) % _ONE_IN[len(shape)] == 0)
    return xp.take(windows, xp.asarray(chosen, device=windows.device), axis=2)


def _distribution(xp: Any, values: Any) -> Any:
    """The windows (voxel, window) as distributions: from their least value, with sum 1; uniform where flat."""
    least, most = xp.min(values, axis=0), xp.max(values, axis=0)
    raised = xp.where(most - least < _ALIKE, xp.ones_like(values), values - least)
    return raised / xp.sum(raised, axis=0)


def _shared(xp: Any, one: Any, other: Any) -> Any:
    """2 I / (H + H) of pairs of distributions (voxel, window)."""
    entropies = _entropy(xp, one) + _entropy(xp, other)
    correlation = _correlation(xp, one, other)
    # The lower bound of a pair is the upper bound with one of both turned round.
    turned = xp.where(correlation < 0, xp.flip(other, axis=0), other)
    information = _mixture(xp, one, turned, xp.abs(correlation))
    return quotient(xp, 2.0 * information, xp.where(entropies < _NOTHING, 0.0 * entropies, entropies))


def _entropy(xp: Any, distribution: Any) -> Any:
    safe = xp.where(distribution > 0, distribution, xp.ones_like(distribution))
    return -xp.sum(distribution * xp.log(safe), axis=0)


def _correlation(xp: Any, one: Any, other: Any) -> Any:
    """Pearson's correlation of the values; 0 where either is flat."""
    one, other = one - 1.0 / one.shape[0], other - 1.0 / other.shape[0]
    spread = xp.sum(one**2, axis=0) * xp.sum(other**2, axis=0)
    spread = xp.where(spread < _NOTHING**2, 0.0 * spread, spread)
    return quotient(xp, xp.sum(one * other, axis=0), xp.sqrt(spread))


def _mixture(xp: Any, one: Any, other: Any, correlation: Any) -> Any:
    """The information of the joint distribution m U + (1 - m) p q that has ``correlation``, U the upper bound.

    U is nowhere 0 only on a staircase of cells (i, j): where the steps of both cumulative distributions, in one order,
    lie. Elsewhere the joint distribution is (1 - m) p q, so that the sum over all cells is known from the staircase.
    """
    length = one.shape[0]
    steps = xp.concat([xp.cumulative_sum(one, axis=0), xp.cumulative_sum(other, axis=0)], axis=0)
    order = xp.argsort(steps, axis=0, stable=True)
    steps = xp.take_along_axis(steps, order, axis=0)
    first = xp.astype(order[:-1, ...] < length, xp.int64)
    rows = xp.cumulative_sum(first, axis=0) - first
    columns = xp.arange(2 * length - 1, dtype=xp.int64, device=one.device)[:, None] - rows
    rows, columns = xp.clip(rows, 0, length - 1), xp.clip(columns, 0, length - 1)
    width = xp.concat([steps[:1, ...], steps[1:-1, ...] - steps[:-2, ...]], axis=0)
    product = xp.take_along_axis(one, rows, axis=0) * xp.take_along_axis(other, columns, axis=0)
    share = _share(xp, one, other, xp.sum(width * rows * columns, axis=0), correlation)
    joint = share * width + (1.0 - share) * product
    positive = (joint > 0) & (product > 0)
    ratio = xp.where(positive, joint, xp.ones_like(joint)) / xp.where(positive, product, xp.ones_like(joint))
    apart = xp.where(share < 1, 1.0 - share, xp.ones_like(share))
    rest = apart * xp.log(apart) * xp.clip(1.0 - xp.sum(product, axis=0), 0.0, None)
    return xp.clip(xp.sum(joint * xp.log(ratio), axis=0) + rest, 0.0, None)


def _share(xp: Any, one: Any, other: Any, product: Any, correlation: Any) -> Any:
    """The part of the upper bound in the mixture: ``correlation`` over the correlation of the bound, at most 1."""
    index = xp.arange(one.shape[0], dtype=xp.float64, device=one.device)[:, None]
    means = [xp.sum(index * each, axis=0) for each in (one, other)]
    spreads = [xp.sum(index**2 * each, axis=0) - mean**2 for each, mean in zip((one, other), means, strict=True)]
    bound = quotient(xp, product - means[0] * means[1], xp.sqrt(xp.clip(spreads[0] * spreads[1], 0.0, None)))
    bound = xp.where(bound < _NOTHING, 0.0 * bound, bound)
    return xp.clip(quotient(xp, correlation, bound), 0.0, 1.0)
