"""How much of the sources' edges the fused picture keeps: Xydeas and Petrovic's Qabf."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from MedFusionLib.training.losses.compared import Compared
from MedFusionLib.training.losses.filters import sobel

# Top, slope and middle of the sigmoids of strength and of orientation.
_STRENGTH = (0.9994, 15.0, 0.5)
_ORIENTATION = (0.9879, 22.0, 0.8)
# Added to squared lengths, whose root has an infinite gradient at 0.
_TINY = 1e-10
# Below this, a sixteenth of what a step of one grey level has, the direction of a gradient is chance.
_AIMLESS = 1e-3


def edges(it: Compared) -> Tensor:
    """1 - Qabf, Xydeas and Petrovic 2000; range 0 to 1.

    As ``metrics.qabf``, its angle included: in 2-D it runs to 180 degrees as the published tables have it. Lengths are
    sqrt(x^2 + 1e-10), so a gradient of 0 has a derivative; the angle of one shorter than .001 has none.
    """
    return (1.0 - preserved(it)).mean()


def preserved(it: Compared) -> Tensor:
    """Qabf of each item, as ``metrics.qabf``: (batch,); 0 where the sources have no edge."""
    fused, length = gradient_of_fused(it)
    slopes, lengths = gradient_of_sources(it)
    aimed = torch.where(length > _AIMLESS, fused, fused.detach())
    if len(slopes) == 2:
        rightward = it.sources.once("rightward", lambda: _rightward(slopes))
        turn = _turn_in_plane(_rightward(aimed), rightward)
    else:
        turn = _turn_in_space(aimed, slopes)
    kept = _strength(length, lengths) * _orientation(turn) * lengths
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


def _rightward(slopes: Tensor) -> Tensor:
    """Gradients in a plane, turned around where they point to the left: an arctangent of slopes knows no direction."""
    return torch.where(slopes[1:] < 0, -slopes, slopes)


def _turn_in_plane(fused: Tensor, sources: Tensor) -> Tensor:
    """|arctan(vertical / horizontal) - arctan(vertical / horizontal)|, 0 to 180 degrees, without dividing by 0."""
    across = fused[0] * sources[1] - fused[1] * sources[0]
    return torch.atan2(across.abs(), fused[0] * sources[0] + fused[1] * sources[1])


def _turn_in_space(fused: Tensor, sources: Tensor) -> Tensor:
    """The acute angle between both gradients as lines, 0 to 90 degrees."""
    along = (fused * sources).sum(0)
    across = (fused.square().sum(0) * sources.square().sum(0) - along.square()).clamp_min(0.0)
    return torch.atan2((across + _TINY**2).sqrt(), along.abs())


def _strength(one: Tensor, other: Tensor) -> Tensor:
    """How much of the smaller over the larger length counts."""
    top, slope, middle = _STRENGTH
    ratio = torch.minimum(one, other) / torch.maximum(one, other)
    return top * torch.sigmoid(slope * ratio - slope * middle)


def _orientation(turn: Tensor) -> Tensor:
    """How much of 1 - turn / 90 degrees counts; ``turn`` is in radians."""
    top, slope, middle = _ORIENTATION
    return top * torch.sigmoid(slope * (1.0 - middle) - (slope * 2.0 / math.pi) * turn)
