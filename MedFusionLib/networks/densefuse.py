"""DenseFuse: the basic network of encoder, rule and decoder.

H. Li and X.-J. Wu, DenseFuse: a fusion approach to infrared and visible images, IEEE Transactions on Image Processing
28(5), 2019, pages 2614 to 2623.

Encoder: C1, 3 x 3, 1 to 16 channels, and a dense block of three 3 x 3 convolutions of 16 channels each, every one
of which sees all maps before it: 64 maps. Rule: the mean weighted by l1 activity, or addition. Decoder: four 3 x 3
convolutions, to 64, 32, 16 and 1 channels. ReLU after all but the last; mirrored edges. 74,193 learned numbers.

Losses: an autoencoder of single pictures, without the rule; pixel error + lambda (1 - SSIM) with lambda 1, 10, 100 or
1000 (equations 1 to 3).

Choices taken: none where the paper speaks. Its addition doubles what both sources show; "mean" is that addition
divided by their number, as in the authors' later program, and "sum" the addition of the paper.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.features import RULES, apply_to_each


def layer(inputs: int, outputs: int) -> nn.Sequential:
    """A 3 x 3 convolution with mirrored edges, and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect"), nn.ReLU())


class DenseEncoder(nn.Module):
    """(batch, 1, height, width) to 16 maps for the first layer and for each of three dense layers, 64 in all."""

    def __init__(self) -> None:
        super().__init__()
        self.first = layer(1, 16)
        self.dense = nn.ModuleList(layer(inputs, 16) for inputs in (16, 32, 48))

    def forward(self, pictures: Tensor) -> Tensor:
        """The feature maps (batch, 64, height, width)."""
        maps: Tensor = self.first(pictures)
        for dense in self.dense:
            maps = torch.cat((maps, dense(maps)), 1)
        return maps


class DenseFuse(nn.Module):
    """(batch, source, height, width) in [0, 1], two sources or more in any order, to (batch, 1, height, width).

    ``rule`` joins the features: "l1", "mean", "sum" or "max". ``reconstruct`` is the autoencoder that is trained.
    """

    def __init__(self, rule: str = "l1") -> None:
        super().__init__()
        self.join = RULES[rule]
        self.encoder = DenseEncoder()
        self.decoder = nn.Sequential(layer(64, 64), layer(64, 32), layer(32, 16),
                                     nn.Conv2d(16, 1, 3, padding=1, padding_mode="reflect"))

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        features = apply_to_each(self.encoder, sources.unsqueeze(2))
        return clip_to_unit(self.decoder(self.join(features)))

    def reconstruct(self, pictures: Tensor) -> Tensor:
        """(batch, 1, height, width) through encoder and decoder, for training on single pictures."""
        return clip_to_unit(self.decoder(self.encoder(pictures)))
