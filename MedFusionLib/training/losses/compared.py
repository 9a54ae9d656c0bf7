"""What every loss looks at: fused pictures beside their sources, and what the losses of one step share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import torch
from torch import Tensor

from MedFusionLib.errors import BadInput
from MedFusionLib.training.batch import Batch

Made = TypeVar("Made")
#: Makes of a batch what the network that is trained makes of it: (batch, 1, *spatial), or 2 with colour's strength.
Fuse = Callable[[Batch], Tensor]


class Memory:
    """Costly intermediate results, each made once."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What ``make()`` gives, made once a ``key``."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]  # type: ignore[no-any-return]


class Sources(Memory):
    """The clean sources of a batch; what can be said of them alone is found once for all fused pictures."""

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self.pictures = batch.target.sources

    @property
    def count(self) -> int:
        """The number of sources."""
        return self.pictures.shape[1]


class Compared(Memory):
    """``fused`` (batch, 1, *spatial) beside ``sources``; ``batch`` is what the network saw.

    ``answer`` is fused as the network gives it: (batch, 2, *spatial) where the strength of colour comes after the luma.
    ``fuse`` makes of another batch what the network makes of it, for losses that ask how the fused pictures change
    with the sources; None where nobody gave it. Raises ``BadInput`` where the shapes do not fit.
    """

    def __init__(self, answer: Tensor, batch: Batch, fuse: Fuse | None = None, sources: Sources | None = None) -> None:
        super().__init__()
        expected = (batch.sources.shape[0], 1, *batch.sources.shape[2:])
        if tuple(answer[:, :1].shape) != expected or answer.shape[1] > 2:
            raise BadInput(f"fused pictures of shape {tuple(answer.shape)} for a batch of {expected}",
                           "Give fused as (batch, 1, *spatial), or 2 with the strength of colour")
        self.answer, self.fused, self.batch, self.fuse = answer, answer[:, :1], batch, fuse
        self.sources = sources or Sources(batch)

    @property
    def axes(self) -> tuple[int, ...]:
        """The spatial axes of fused."""
        return tuple(range(2, self.fused.ndim))

    @property
    def maximum(self) -> Compared:
        """The voxel-wise maximum of the sources beside the same sources."""

        def make() -> Compared:
            brightest = self.sources.pictures.amax(1, keepdim=True)
            return Compared(brightest, self.batch, sources=self.sources)

        return self.once("maximum", make)


def per_item(values: Tensor) -> Tensor:
    """The mean of ``values`` (batch, ...) over all axes but the first: (batch,)."""
    return values.flatten(1).mean(1)


def least(figures: Tensor, temperature: float) -> Tensor:
    """A soft minimum of ``figures`` over the last axis: -T ln mean exp(-x / T); the value itself where all are equal.

    It lies above the minimum by at most T ln n, and every figure has a gradient.
    """
    count = torch.tensor(float(figures.shape[-1]), dtype=figures.dtype, device=figures.device)
    return temperature * (count.log() - torch.logsumexp(-figures / temperature, -1))
