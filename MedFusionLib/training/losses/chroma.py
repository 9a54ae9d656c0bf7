"""Hue and chroma of the fused picture against the functional source, where that is bright."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from MedFusionLib.errors import BadInput
from MedFusionLib.training.losses.colour import shown, to_lab
from MedFusionLib.training.losses.compared import Compared

# Bright is where the largest of R, G and B is at least this; less chroma than this has no hue.
_BRIGHT = 0.5
_LEAST_CHROMA = 5.0
_TINY = 1e-6


def hue(it: Compared) -> Tensor:
    """The mean hue difference over 180 degrees, as ``metrics.chroma.hue_error`` / 180; range 0 to 1.

    CIE 15:2004. Over the voxels of the whole batch where the functional colour is bright and both have a chroma of at
    least 5; grey has no gradient, which ``chroma`` has. 0 without such a voxel. Raises ``BadInput`` without colour.
    """
    made, wanted = _bright(it)
    lengths = _length(made), _length(wanted)
    seen = (lengths[0] >= _LEAST_CHROMA) & (lengths[1] >= _LEAST_CHROMA)
    made, wanted = made[seen], wanted[seen]
    across = (made[:, 0] * wanted[:, 1] - made[:, 1] * wanted[:, 0]).abs()
    return torch.atan2(across, (made * wanted).sum(1)).sum() / (math.pi * max(len(made), 1))


def chroma(it: Compared) -> Tensor:
    """The mean difference of chroma over 100 CIELAB units, as ``metrics.chroma.chroma_error`` / 100; at least 0.

    CIE 15:2004. Over the voxels of the whole batch where the functional colour is bright; 0 without one. The length of
    a chroma is sqrt(x^2 + 1e-6), so that grey has a derivative. Raises ``BadInput`` without colour.
    """
    made, wanted = _bright(it)
    return (_length(made) - _length(wanted)).abs().sum() / (100.0 * max(len(made), 1))


def _bright(it: Compared) -> tuple[Tensor, Tensor]:
    """a* and b* of fused and of the functional colour at the bright voxels: (voxel, 2)."""
    colour = it.batch.colour
    if colour is None:
        raise BadInput("a loss of colour for sources without colour", "Leave out hue and chroma, or give colour")

    def make() -> tuple[Tensor, Tensor]:
        bright = colour.amax(1) >= _BRIGHT
        made, wanted = (to_lab(picture.movedim(1, -1)[bright])[:, 1:] for picture in (shown(it), colour))
        return made, wanted

    return it.once("bright", make)


def _length(chroma: Tensor) -> Tensor:
    return (chroma.square().sum(1) + _TINY).sqrt()
