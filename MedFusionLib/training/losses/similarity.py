"""Structural similarity to the sources, and to the source that matters in each window (Yang's Q_Y)."""

from __future__ import annotations

import math
from itertools import combinations

import torch
from torch import Tensor

from MedFusionLib.metrics.ssim import GAUSSIAN, UNIFORM
from MedFusionLib.training.losses.compared import Compared, Sources, per_item
from MedFusionLib.training.losses.filters import window_means
from MedFusionLib.training.losses.moments import Moments, Shared, moments, shared

_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2
_ALIKE = 0.75
# Variances below this are rounding errors of single precision.
_FLAT = 1e-7


def ssim(it: Compared) -> Tensor:
    """1 - the mean over the sources of SSIM, Wang et al. 2004 equation 13; range 0 to 2.

    ``metrics.ssim`` is the sum over the sources. Smooth everywhere.
    """
    return (1.0 - similarities(it) / it.sources.count).mean()


def qy(it: Compared) -> Tensor:
    """1 - Q_Y, Yang et al. 2008; range 0 to 2.

    As ``metrics.q_y``: where the sources are alike is no matter of fused; of the better source in the other windows
    the gradient is that of the maximum.
    """
    return (1.0 - yang(it)).mean()


def similarities(it: Compared) -> Tensor:
    """The sum of the SSIMs of fused with each source, as ``metrics.ssim``: (batch,)."""
    return per_item(_maps(it, GAUSSIAN)) * it.sources.count


def yang(it: Compared) -> Tensor:
    """Q_Y of each item, as ``metrics.q_y``: (batch,)."""
    maps = _maps(it, UNIFORM)
    alike, weights = it.sources.once("alike", lambda: _alike(it.sources))
    return per_item(torch.where(alike, (weights * maps).sum(1, keepdim=True), maps.amax(1, keepdim=True)))


def _maps(it: Compared, taps: tuple[float, ...]) -> Tensor:
    """The similarity map of fused with each source."""
    own = _of_sources(it.sources, taps)
    local = it.once(("moments", taps), lambda: shared(it.fused, it.sources.pictures, own, taps))
    return _similarity(local, own, _bias(it.sources, taps))


def _of_sources(sources: Sources, taps: tuple[float, ...]) -> Moments:
    return sources.once(("moments", taps), lambda: moments(sources.pictures, taps))


def _similarity(one: Shared, other: Moments, bias: float) -> Tensor:
    means, fused = one.fused.means * other.means, one.fused
    above = (2.0 * means + _LUMINANCE) * (2.0 * bias * one.covariances + _CONTRAST)
    below = (fused.means**2 + other.means**2 + _LUMINANCE) * (bias * (fused.variances + other.variances) + _CONTRAST)
    return above / below


def _bias(sources: Sources, taps: tuple[float, ...]) -> float:
    """What makes the variance of a population that of a sample, for the uniform window."""
    if taps == GAUSSIAN:
        return 1.0
    size = math.prod(2 * min(len(taps) // 2, (length - 1) // 2) + 1 for length in sources.pictures.shape[2:])
    return size / max(1, size - 1)


def _alike(sources: Sources) -> tuple[Tensor, Tensor]:
    """Where all sources are alike, and the share of each in the sum of their variances."""
    own, pictures = _of_sources(sources, UNIFORM), sources.pictures
    lowest = torch.ones_like(own.means[:, :1])
    for one, other in combinations(range(sources.count), 2):
        first, second = ((slice(None), slice(place, place + 1)) for place in (one, other))
        covariance = window_means(pictures[first] * pictures[second], UNIFORM) - own.means[first] * own.means[second]
        pair = Shared(Moments(own.means[first], own.variances[first]), covariance)
        similarity = _similarity(pair, Moments(own.means[second], own.variances[second]), _bias(sources, UNIFORM))
        lowest = torch.minimum(lowest, similarity)
    variances = torch.where(own.variances > _FLAT, own.variances, 0.0)
    total = variances.sum(1, keepdim=True)
    weights = torch.where(total > 0, variances / total.clamp_min(_FLAT), 1.0 / sources.count)
    return lowest >= _ALIKE, weights
