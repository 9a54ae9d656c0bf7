"""Local means, variances and covariances of fused and sources: what SSIM, Yang's Q_Y and VIF are made of."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from MedFusionLib.training.losses.filters import window_means


@dataclass(frozen=True)
class Moments:
    """Of pictures (batch, picture, *spatial) at the places where the window lies inside."""

    means: Tensor
    variances: Tensor


@dataclass(frozen=True)
class Shared:
    """The moments of fused (one picture), and its covariance with each source."""

    fused: Moments
    covariances: Tensor


def moments(pictures: Tensor, taps: tuple[float, ...]) -> Moments:
    """The moments of ``pictures`` in windows weighted by ``taps``; variances of the population, never negative."""
    count = pictures.shape[1]
    local = window_means(torch.cat((pictures, pictures**2), 1), taps)
    return Moments(local[:, :count], (local[:, count:] - local[:, :count] ** 2).clamp_min(0.0))


def shared(fused: Tensor, sources: Tensor, known: Moments, taps: tuple[float, ...]) -> Shared:
    """The moments of ``fused`` and its covariances with ``sources``, whose own moments are ``known``."""
    local = window_means(torch.cat((fused, fused**2, fused * sources), 1), taps)
    mean = local[:, :1]
    variance = (local[:, 1:2] - mean**2).clamp_min(0.0)
    return Shared(Moments(mean, variance), local[:, 2:] - mean * known.means)
