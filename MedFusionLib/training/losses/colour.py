"""Colour of fused pictures in torch: the twin of ``MedFusionLib.recolouring``, channels in the second axis."""

from __future__ import annotations

import torch
from torch import Tensor

from MedFusionLib.colour import LUMA
from MedFusionLib.recolouring import turn_chroma
from MedFusionLib.training.losses.compared import Compared

# Linear sRGB to XYZ, already divided by the white point D65.
_TO_XYZ = (
    (0.412453 / 0.95047, 0.357580 / 0.95047, 0.180423 / 0.95047),
    (0.212671, 0.715160, 0.072169),
    (0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883),
)
_DARK, _LOW = 0.04045, 0.008856
_SMALL = 1e-6


def luma(rgb: Tensor) -> Tensor:
    """BT.601 luma of RGB (batch, 3, *spatial): (batch, 1, *spatial)."""
    weights = torch.tensor(LUMA, dtype=rgb.dtype, device=rgb.device)
    return (rgb * weights.view(-1, *(1,) * (rgb.ndim - 2))).sum(1, keepdim=True)


def recolour(fused: Tensor, coloured: Tensor) -> Tensor:
    """The picture (batch, 3, *spatial) with the luma of ``fused`` and the chroma of ``coloured``.

    ``fused`` is (batch, 1, *spatial), or (batch, 2, *spatial) where the strength of colour comes after the luma. As
    ``MedFusionLib.recolouring.recolour``: where that leaves the RGB cube the chroma is shortened just enough, and with
    a strength hue is held; no gradient goes through the turn that this takes. Nothing is rounded to 8 bits.
    """
    grey, strength, own = fused[:, :1], fused[:, 1:], luma(coloured)
    chroma = coloured - own
    if strength.shape[1]:
        wanted = 2.0 * strength * chroma
        shown = wanted * _room(grey, wanted)
        red, blue = turn_chroma((own, chroma[:, :1], chroma[:, 2:]), (grey, shown[:, :1], shown[:, 2:]))
        green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1]
        chroma = 2.0 * strength * torch.cat([red, green, blue], dim=1)
    return (grey + chroma * _room(grey, chroma)).clamp(0.0, 1.0)


def _room(grey: Tensor, chroma: Tensor) -> Tensor:
    """The part of ``chroma`` that fits into the RGB cube at luma ``grey``: (batch, 1, *spatial), at most 1."""
    room, size = torch.where(chroma > 0, 1.0 - grey, grey), chroma.abs()
    return torch.where(size > room, room / size.clamp_min(_SMALL), 1.0).amin(1, keepdim=True)


def shown(it: Compared) -> Tensor:
    """Fused as it is shown: (batch, 3, *spatial) with the functional colour put back, (batch, 1, *spatial) without."""
    colour = it.batch.colour
    return it.fused if colour is None else it.once("shown", lambda: recolour(it.answer, colour))


def to_lab(rgb: Tensor) -> Tensor:
    """CIELAB (D65) of sRGB in [0, 1], last axis 3: as ``MedFusionLib.colour.to_lab``."""
    bright = ((rgb.clamp_min(_DARK) + 0.055) / 1.055) ** 2.4
    linear = torch.where(rgb > _DARK, bright, rgb / 12.92)
    ratio = linear @ torch.tensor(_TO_XYZ, dtype=rgb.dtype, device=rgb.device).T
    curve = torch.where(ratio > _LOW, ratio.clamp_min(_LOW) ** (1.0 / 3.0), 7.787 * ratio + 16.0 / 116.0)
    x, y, z = curve.unbind(-1)
    return torch.stack((116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)), -1)
