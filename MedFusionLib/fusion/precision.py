"""Half precision on a graphics card where the picture stays the same, which is looked at, not assumed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from MedFusionLib.fusion.card import Parameter

if TYPE_CHECKING:
    from torch import Tensor

PRECISION = Parameter(
    "precision", "auto", "Half precision on a graphics card where the picture stays the same; full: never",
    choices=("auto", "full"))
#: The half type of each kind of device that is quicker with it. The CPU keeps float32: same recipe, same voxels.
HALF = {"cuda": "float16"}
#: By how much the picture may change: one step of 8 bits.
STEP = 1.0 / 255.0
_EDGE = 128


class Precision:
    """Runs a network in half precision once the middle of its first picture has come out within ``STEP`` of float32's.

    ``half`` is None before that, then whether it is used. A result that is not finite ends it.
    """

    def __init__(self, name: str = "auto") -> None:
        self.half = None if name == "auto" else False

    def answer(self, network: Callable[[Tensor], Tensor], sources: Tensor) -> Tensor:
        """What ``network`` makes of ``sources`` (batch, source, *spatial), in float32 and within 0 to 1."""
        kind = HALF.get(sources.device.type)
        if kind is not None and self.half is None:
            middle = _middle(sources)
            quick = _in_half(network, middle, kind)
            change = (quick.clamp(0.0, 1.0) - _bounded(network(middle))).abs().max()
            # A network that leaves the range of half numbers stays in float32.
            self.half = bool(quick.isfinite().all() and change <= STEP)
        if kind is not None and self.half:
            fused = _in_half(network, sources, kind)
            if bool(fused.isfinite().all()):
                return fused.clamp(0.0, 1.0)
            self.half = False
        return _bounded(network(sources))


def _in_half(network: Callable[[Tensor], Tensor], sources: Tensor, kind: str) -> Tensor:
    import torch

    with torch.autocast(sources.device.type, getattr(torch, kind)):
        return network(sources).float()


def _bounded(fused: Tensor) -> Tensor:
    return fused.float().clamp(0.0, 1.0)


def _middle(sources: Tensor) -> Tensor:
    """The first item's middle, at most ``_EDGE`` voxels along each axis."""
    starts = (max(0, length - _EDGE) // 2 for length in sources.shape[2:])
    return sources[(slice(0, 1), slice(None), *(slice(start, start + _EDGE) for start in starts))]
