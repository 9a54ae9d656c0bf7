"""Colour of functional sources under augmentation: it follows its luma, and its hues turn without changing places."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from MedFusionLib.colour import LUMA, luma
from MedFusionLib.recolouring import recolour
from MedFusionLib.training.augmentation.transforms import uniform

# BT.601: luma, and the scales of the chroma B - Y and R - Y.
_BLUE, _RED = 0.5 / (1.0 - LUMA[2]), 0.5 / (1.0 - LUMA[0])


def follow(colour: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """``colour`` (3, *spatial) once its functional sources (source, *spatial) went from ``before`` to ``after``.

    Its luma changes by the factor by which their sum did, hue stays, and saturation gives way only where the RGB cube
    ends. What had no colour becomes grey.
    """
    old, new = before.sum(0), after.sum(0)
    factor = torch.where(old > 0, new / old, 0.0)
    coloured = _last(colour)
    wanted = np.where(old.numpy() > 0, luma(coloured) * factor.numpy(), after.amax(0).numpy())
    mixed = recolour(wanted.clip(0.0, 1.0).astype(np.float32), coloured * factor.numpy()[..., np.newaxis])
    return torch.from_numpy(mixed).movedim(-1, 0).contiguous()


def turn_hues(colour: Tensor, generator: torch.Generator, degrees: tuple[float, float],
              saturation: tuple[float, float]) -> Tensor:
    """``colour`` (3, *spatial) with its chroma turned and stretched in the CbCr plane; the luma stays.

    One angle within ``degrees`` and one factor within ``saturation`` hold for the whole picture, so that the hues keep
    their order around the circle. Where the RGB cube ends, saturation gives way.
    """
    angle, factor = math.radians(uniform(degrees, generator)), uniform(saturation, generator)
    coloured = _last(colour)
    grey = luma(coloured)
    blue, red = _BLUE * (coloured[..., 2] - grey), _RED * (coloured[..., 0] - grey)
    turned_blue = factor * (math.cos(angle) * blue - math.sin(angle) * red) / _BLUE
    turned_red = factor * (math.sin(angle) * blue + math.cos(angle) * red) / _RED
    turned_green = -(LUMA[0] * turned_red + LUMA[2] * turned_blue) / LUMA[1]
    chroma = np.stack((turned_red, turned_green, turned_blue), axis=-1)
    mixed = recolour(grey, (grey[..., np.newaxis] + chroma).astype(np.float32))
    return torch.from_numpy(mixed).movedim(-1, 0).contiguous()


def _last(colour: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The channels of ``colour`` on the last axis, as NumPy's colours have them."""
    return colour.movedim(0, -1).numpy()
