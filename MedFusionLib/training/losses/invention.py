"""Local contrast of the fused picture that no source has."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, max_pool3d, pad

from MedFusionLib.faithfulness.invention import REACH, SCALES, SHOWN, TOLERANCE
from MedFusionLib.training.losses.compared import Compared, Sources
from MedFusionLib.training.losses.filters import slide

# As scipy's Gaussian filters: taps up to so many standard deviations.
_TRUNCATE = 4.0
# Contrast is lost from this part of the tolerance on, so that a trained network keeps off the limit.
_FROM = 0.5


def invention(it: Compared) -> Tensor:
    """The mean of how far local contrast leaves the sources' hull by more than half of the tolerance, over that half.

    As the contrast part of ``faithfulness.invention`` (the greater of its two scales; edges with no counterpart show
    there too), which counts the voxels beyond the whole tolerance: over the voxels where fused or a source is above
    .02, on the luma. 0 and up; 0 for every copy of a source.
    """
    limits = it.sources.once("hull", lambda: [_hull(it.sources, sigma) for sigma in SCALES])
    outside = [torch.maximum(made - most, least - made) for made, (least, most) in zip(
        (_contrast(it.fused, sigma) for sigma in SCALES), limits, strict=True)]
    free = _FROM * TOLERANCE
    beyond = (torch.maximum(*outside) - free).clamp_min(0.0) / free
    looked = torch.maximum(it.fused, it.sources.pictures.amax(1, keepdim=True)) > SHOWN
    return (beyond * looked).sum() / looked.sum().clamp_min(1)


def _hull(sources: Sources, sigma: float) -> tuple[Tensor, Tensor]:
    """The least and the greatest local contrast of any source within reach, (batch, 1, *spatial) each; 0 is within."""
    contrasts = _contrast(sources.pictures, sigma)
    return -_greatest((-contrasts).amax(1, keepdim=True)), _greatest(contrasts.amax(1, keepdim=True))


def _greatest(contrast: Tensor) -> Tensor:
    pool = max_pool2d if contrast.ndim == 4 else max_pool3d
    return pool(contrast.clamp_min(0.0), 2 * REACH + 1, 1, REACH)


def _contrast(pictures: Tensor, sigma: float) -> Tensor:
    """``pictures`` (batch, picture, *spatial) less their Gaussian means; beyond the border the edge value goes on."""
    radius = int(_TRUNCATE * sigma + 0.5)
    weights = [math.exp(-0.5 * (step / sigma) ** 2) for step in range(-radius, radius + 1)]
    taps = [weight / sum(weights) for weight in weights]
    means = pad(pictures, (radius, radius) * (pictures.ndim - 2), mode="replicate")
    for axis in range(2, pictures.ndim):
        means = slide(means, taps, axis)
    return pictures - means
