"""Likeness to the sources as a network trained on photographs sees it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from MedFusionLib.errors import BadInput
from MedFusionLib.training.losses.compared import Compared

if TYPE_CHECKING:
    from MedFusionLib.networks.vgg_features import VGGFeatures

# The layers of VGG-19 after relu1_1, relu2_1, relu3_1 and relu4_1.
_ENDS = (2, 7, 12, 21)


def perceptual(it: Compared) -> Tensor:
    """The mean squared difference of VGG-19's maps of fused to those of each source, over four layers; at least 0.

    Johnson, Alahi and Fei-Fei 2016, equation 2. The weights are those that the user has for the method vgg_features;
    raises ``BadInput`` where there are none, and for volumes. Frozen; the gradient goes to fused alone.
    """
    if it.fused.ndim != 4:
        raise BadInput(f"perceptual loss of pictures of shape {tuple(it.fused.shape)}", "Use it in two dimensions")
    network = vgg(str(it.fused.device))
    with torch.no_grad():
        of_sources = it.sources.once("vgg", lambda: _maps(network, it.sources.pictures.flatten(0, 1)))
    made = _maps(network, it.fused)
    differences = [
        (one.unsqueeze(1) - other.view(-1, it.sources.count, *other.shape[1:])).square().mean()
        for one, other in zip(made, of_sources, strict=True)
    ]
    return torch.stack(differences).mean()


def _maps(network: VGGFeatures, pictures: Tensor) -> list[Tensor]:
    """The maps of each of the four layers of grey ``pictures``."""
    grey = pictures.reshape(-1, 1, *pictures.shape[-2:]).expand(-1, 3, -1, -1)
    maps, found = (grey - network.mean) / network.deviation, []
    for start, end in zip((0, *_ENDS[:-1]), _ENDS, strict=True):
        maps = network.features[start:end](maps)
        found.append(maps)
    return found


@cache
def vgg(device: str) -> VGGFeatures:
    """The frozen network with the user's weights, on ``device``."""
    from MedFusionLib.models.weights import load

    return cast("VGGFeatures", load("vgg_features").requires_grad_(False).to(device))
