"""Training an autoencoder to give single pictures back; fusing comes in when it is used."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, cast

from torch import Tensor

from MedFusionLib.training.batch import Batch
from MedFusionLib.training.step import PlainStep


class Autoencoder(Protocol):
    """A network that can give single pictures (batch, 1, *spatial) back."""

    def reconstruct(self, pictures: Tensor) -> Tensor: ...


class ReconstructionStep(PlainStep):
    """Descends the recipe's weighted losses of pictures given back, each source by itself."""

    def train_step(self, batch: Batch, number: int) -> dict[str, float]:
        """One descent; see ``Step``."""
        return super().train_step(_apart(batch), number)

    def losses(self, batch: Batch) -> dict[str, float]:
        """The losses on each source by itself; see ``Step``."""
        return super().losses(_apart(batch))

    def answer(self, batch: Batch) -> Tensor:
        """The pictures given back."""
        return cast(Autoencoder, self.module).reconstruct(batch.sources)


def _apart(batch: Batch) -> Batch:
    """Every source as a picture of its own."""
    clean = None if batch.clean is None else batch.clean.flatten(0, 1).unsqueeze(1)
    return replace(batch, sources=batch.sources.flatten(0, 1).unsqueeze(1), functional=(False,), colour=None,
                   clean=clean)
