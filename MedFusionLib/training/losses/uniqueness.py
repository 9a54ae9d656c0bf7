"""What only one source shows must be seen in the fused picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from MedFusionLib.metrics.ssim import GAUSSIAN
from MedFusionLib.training.losses.compared import Compared, Sources
from MedFusionLib.training.losses.filters import window_means

# Damps windows whose variance is noise: the constant of SSIM's contrast term.
_DAMP = 0.03**2
_FLAT = 1e-6


@dataclass(frozen=True)
class Unique:
    """Of each source (batch, source, *spatial): the mean of the others, its local mean, how much of it the source
    follows (a slope), and the local variance of the source that is left without that.
    """

    others: Tensor
    mean: Tensor
    slope: Tensor
    variance: Tensor


def uniqueness(it: Compared) -> Tensor:
    """1 - the mean over the sources of the correlation of fused with what only that source shows; range 0 to 2.

    After the idea of EMFusion (Xu and Ma 2021), without its feature extractors: in Gaussian windows of 11 voxels the
    mean of the other sources is regressed out of a source; the correlation of the rest with fused (a semi-partial
    correlation, damped by .0009 as in SSIM) is averaged with the rest's variance as weight. 0 only where all that is
    unique to a source lies undisturbed in fused; smooth everywhere.
    """
    own = it.sources.once("unique", lambda: _unique(it.sources))
    shared = torch.cat((it.fused, it.fused**2, it.fused * it.sources.pictures, it.fused * own.others), 1)
    local = window_means(shared, GAUSSIAN)
    mean, square, with_source, with_others = local[:, :1], local[:, 1:2], *local[:, 2:].chunk(2, 1)
    variance = (square - mean**2).clamp_min(0.0)
    follows = with_source - mean * _local_mean(it.sources) - own.slope * (with_others - mean * own.mean)
    correlation = follows / (variance * own.variance + _DAMP**2).sqrt()
    weighted = (correlation * own.variance).flatten(2).sum(2) / (own.variance.flatten(2).sum(2) + _FLAT)
    return (1.0 - weighted).mean()


def _local_mean(sources: Sources) -> Tensor:
    return sources.once("local mean", lambda: window_means(sources.pictures, GAUSSIAN))


def _unique(sources: Sources) -> Unique:
    pictures = sources.pictures
    others = (pictures.sum(1, keepdim=True) - pictures) / (sources.count - 1)
    stack = torch.cat((others, others**2, pictures**2, pictures * others), 1)
    mean, square, own_square, product = window_means(stack, GAUSSIAN).chunk(4, 1)
    own_mean = _local_mean(sources)
    slope = (product - own_mean * mean) / ((square - mean**2).clamp_min(0.0) + _FLAT)
    left = own_square - own_mean**2 - slope * (product - own_mean * mean)
    return Unique(others, mean, slope, left.clamp_min(0.0))
