"""How much of the sources' edges the fused picture keeps: Xydeas and Petrovic's Qabf."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from MedFusionLib.training.losses.compared import Compared
from MedFusionLib.training.losses.filters import sobel

# Top, slope and middle of the sigmoids.
_STRENGTH = (0.9994, -15.0, 0.5)
_ORIENTATION = (0.9879, -22.0, 0.8)
# Squared slopes below this are rounding errors; added within roots, whose gradient at 0 is infinite.
_TINY = 1e-10


def edges(it: Compared) -> Tensor:
    """1 - Qabf, Xydeas and Petrovic 2000; range 0 to 1.

    As ``metrics.qabf``, its angle included: in 2-D it runs to 180 degrees as the published tables have it. Lengths are
    sqrt(x^2 + 1e-10), so a gradient of 0 has a derivative; where a gradient is shorter than that its angle has none.
    """
    return (1.0 - preserved(it)).mean()


def preserved(it: Compared) -> Tensor:
    """Qabf of each item, as ``metrics.qabf``: (batch,); 0 where the sources have no edge."""
    fused, length = gradient_of_fused(it)
    slopes, lengths = gradient_of_sources(it)
    strength = torch.minimum(length, lengths) / torch.maximum(length, lengths)
    turn = _turn_in_plane if len(slopes) == 2 else _turn_in_space
    orientation = 1.0 - turn(fused, slopes) * (2.0 / math.pi)
    kept = _sigmoid(strength, *_STRENGTH) * _sigmoid(orientation, *_ORIENTATION) * lengths
    return kept.flatten(1).sum(1) / lengths.flatten(1).sum(1)


def gradient_of_fused(it: Compared) -> tuple[Tensor, Tensor]:
    """Sobel's slopes (axis, batch, 1, *spatial) of fused, and their length."""
    return it.once("gradient", lambda: _gradient(it.fused))


def gradient_of_sources(it: Compared) -> tuple[Tensor, Tensor]:
    """Sobel's slopes (axis, batch, source, *spatial) of the sources, and their length."""
    return it.sources.once("gradient", lambda: _gradient(it.sources.pictures))


def _gradient(pictures: Tensor) -> tuple[Tensor, Tensor]:
    slopes = sobel(pictures)
    return slopes, (slopes.square().sum(0) + _TINY).sqrt()


def _turn_in_plane(fused: Tensor, sources: Tensor) -> Tensor:
    """|arctan(vertical / horizontal) - arctan(vertical / horizontal)|, 0 to 180 degrees, without dividing by 0."""
    across = (fused[0] * sources[1] - fused[1] * sources[0]).abs()
    along = fused[0] * sources[0] + fused[1] * sources[1]
    # An arctangent knows no direction: each gradient counts as pointing to the right.
    return _angle(across, torch.where((fused[1] < 0) == (sources[1] < 0), along, -along))


def _turn_in_space(fused: Tensor, sources: Tensor) -> Tensor:
    """The acute angle between both gradients as lines, 0 to 90 degrees."""
    along = (fused * sources).sum(0)
    across = (fused.square().sum(0) * sources.square().sum(0) - along.square()).clamp_min(0.0)
    return _angle((across + _TINY**2).sqrt(), along.abs())


def _angle(across: Tensor, along: Tensor) -> Tensor:
    seen = across.abs() + along.abs() > _TINY
    return torch.atan2(torch.where(seen, across, 0.0), torch.where(seen, along, 1.0))


def _sigmoid(value: Tensor, top: float, slope: float, middle: float) -> Tensor:
    return top * torch.sigmoid(-slope * (value - middle))
