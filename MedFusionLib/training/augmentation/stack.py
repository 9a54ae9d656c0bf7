"""All pictures of a batch as channels of one tensor, so that what moves one moves the others alike."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from MedFusionLib.training.batch import Batch


def stacked(batch: Batch) -> Tensor:
    """Sources, colour and clean sources, (batch, channel, *spatial), in this order; always a copy."""
    return torch.cat([part for part in (batch.sources, batch.colour, batch.clean) if part is not None], dim=1)


def unstacked(batch: Batch, stack: Tensor) -> Batch:
    """``batch`` with the pictures of ``stack``, which has its channels."""
    count, coloured = batch.sources.shape[1], 0 if batch.colour is None else 3
    return replace(batch, sources=stack[:, :count],
                   colour=None if batch.colour is None else stack[:, count:count + coloured],
                   clean=None if batch.clean is None else stack[:, count + coloured:])
