"""Training the network that decides in the contourlet domain: what counts is the picture that comes back from it."""

from __future__ import annotations

from torch import Tensor

from MedFusionLib.fusion.learned_contourlet import fuse_bands
from MedFusionLib.training.batch import Batch
from MedFusionLib.training.step import PlainStep


class ContourletStep(PlainStep):
    """Descends the recipe's weighted losses through the transform and back."""

    def answer(self, batch: Batch) -> Tensor:
        """The fused pictures."""
        fused: Tensor = fuse_bands(self.module, batch.sources)
        return fused
