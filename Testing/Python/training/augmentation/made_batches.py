"""What the tests of augmentation share: batches of smooth pictures on black, grey or with one source in colour."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from MedFusionLib.training.batch import Batch

_LUMA = (0.299, 0.587, 0.114)
_SMOOTH = {2: "bilinear", 3: "trilinear"}


def luma(colour: Tensor) -> Tensor:
    """BT.601 luma of (batch, 3, *spatial)."""
    weights = torch.tensor(_LUMA).reshape(3, *(1,) * (colour.ndim - 2))
    return (weights * colour).sum(1)


def _smooth(count: int, channels: int, spatial: tuple[int, ...], seed: int) -> Tensor:
    """Slow waves in [0, 1], each item darker than the next, black in the first quarter of the first axis."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, channels, *(6,) * len(spatial), generator=generator)
    shown = functional.interpolate(coarse, spatial, mode=_SMOOTH[len(spatial)], align_corners=False)
    shown = shown * torch.linspace(0.4, 0.9, count).reshape(count, *(1,) * (shown.ndim - 1))
    shown[:, :, : spatial[0] // 4] = 0.0
    return shown


def grey(spatial: tuple[int, ...] = (48, 40), count: int = 3) -> Batch:
    """Two grey sources."""
    return Batch(_smooth(count, 2, spatial, seed=1), (False, False))


def coloured(spatial: tuple[int, ...] = (48, 40), count: int = 3) -> Batch:
    """A grey source, and the luma of one with colour."""
    colour = _smooth(count, 3, spatial, seed=2)
    return Batch(torch.stack((_smooth(count, 1, spatial, seed=3)[:, 0], luma(colour)), dim=1), (False, True), colour)


def chance(seed: int = 0) -> torch.Generator:
    """A generator that begins with ``seed``."""
    return torch.Generator().manual_seed(seed)
