"""One batch of training pairs, as losses, augmentation and steps see it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Pictures or patches that belong together, all in [0, 1] and float32.

    ``sources`` has shape (batch, source, *spatial), with two spatial dimensions or three; a source that has colour is
    there as its luma. ``functional`` says for each source whether it is functional (PET, SPECT) and so has colour.
    ``colour`` is the functional sources mixed, as RGB of shape (batch, 3, *spatial), or None where all are grey. All
    pairs of one batch have the same roles. ``clean`` is the sources as the loss shall see them, of the shape of
    ``sources``, where augmentation gave the network worse ones (misaligned, say); None where both see the same.
    """

    sources: Tensor
    functional: tuple[bool, ...]
    colour: Tensor | None = None
    clean: Tensor | None = None

    @property
    def target(self) -> Batch:
        """What a loss compares with: this batch with its clean sources in the place of those the network sees."""
        return self if self.clean is None else replace(self, sources=self.clean, clean=None)

    def to(self, device: torch.device) -> Batch:
        """This batch on ``device``."""
        colour, clean = (None if tensor is None else tensor.to(device) for tensor in (self.colour, self.clean))
        return replace(self, sources=self.sources.to(device), colour=colour, clean=clean)
