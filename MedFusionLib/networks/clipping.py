"""Keeps a network's answer within [0, 1] without stopping its training."""

from __future__ import annotations

from torch import Tensor


def clip_to_unit(pictures: Tensor) -> Tensor:
    """``pictures`` clipped to [0, 1]; the gradient passes as if they were not.

    A plain clip has no gradient where a network that is not yet trained answers beyond the range, so such a voxel
    would never learn its way back.
    """
    return pictures + (pictures.clamp(0.0, 1.0) - pictures).detach()
