"""Pairs that a network draws: an anatomical source is replaced by what our conditional GAN makes of the pair."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from MedFusionLib import models
from MedFusionLib.errors import BadInput
from MedFusionLib.training.augmentation.transforms import uniform
from MedFusionLib.training.batch import Batch


def draw_source(batch: Batch, items: Tensor, generator: torch.Generator, network: str,
                share: tuple[float, float]) -> Batch:
    """One grey source of each of ``items`` mixed with the picture that ``network`` draws from both.

    The drawn picture has the anatomy of the pair, and so stays aligned with the source that is kept, but other
    intensities. A functional source is never replaced, since its colour would tell another story. ``share`` are the
    limits of the drawn picture's part. What is black in all sources stays black. Raises ``BadInput`` when the network
    is not trained, for other than two sources, and when both are functional.
    """
    grey = [place for place, functional in enumerate(batch.functional) if not functional]
    if batch.sources.shape[1] != 2 or not grey:
        raise BadInput(f"generative augmentation takes two sources, one of them grey, not {batch.sources.shape[1]} "
                       f"with {len(grey)} grey", "Choose another preset")
    drawn = _draw(_loaded(network, models.find(network)), batch.sources)
    sources = batch.sources.clone()
    for item in items.nonzero().flatten().tolist():
        place = grey[int(torch.randint(len(grey), (), generator=generator, device=generator.device))]
        mixed = torch.lerp(sources[item, place], drawn[item, 0], uniform(share, generator))
        sources[item, place] = torch.where(batch.sources[item].amax(0) > 0, mixed, 0.0)
    return replace(batch, sources=sources)


@cache
def _loaded(network: str, weights: Path | None) -> nn.Module:
    """The network with the weights of that file, read once for a training and not for every batch."""
    return models.load(network, weights)


@torch.no_grad()
def _draw(network: nn.Module, sources: Tensor) -> Tensor:
    drawn: Tensor = network(sources)
    return drawn.clamp(0.0, 1.0)
