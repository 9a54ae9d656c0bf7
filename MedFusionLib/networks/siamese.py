"""The Siamese network that weighs two sources, and the fusion of their pyramids by these weights.

Y. Liu, X. Chen, J. Cheng and H. Peng, A medical image fusion method based on convolutional neural networks, 20th
International Conference on Information Fusion, 2017; the network after Y. Liu, X. Chen, H. Peng and Z. Wang,
Multi-focus image fusion with a deep convolutional neural network, Information Fusion 36, 2017.

Layers, for patches of 16 x 16: two equal branches of 3 x 3 convolutions to 64 and 128 channels, maximum pooling by 2,
and a 3 x 3 convolution to 256 channels, each with ReLU; their 512 maps are joined and go to two numbers by one full
connection, and a softmax. On a whole picture the full connection is an 8 x 8 convolution, so that patches lie two
pixels apart, and a pixel's weight is the mean over the patches that cover it. 435,202 learned numbers, as in the
authors' program (which was read for layers and sizes; the paper's text was not at hand).

Fusion: Laplacian pyramids of the sources, a Gaussian pyramid of the weights, floor(log2(shorter side)) levels. Where
the match of the bands, 2 sum(A B) / (sum(A^2) + sum(B^2)) in a window, exceeds 0.6 they are averaged by the weights,
elsewhere the one with the greater energy is taken.

Losses: cross entropy of pairs of patches, one sharp and one blurred, told apart; patches from ImageNet.

Choices taken: the window has 3 x 3 pixels, as in the authors' program; so that every size works, a picture is
continued by its edge pixels to a multiple of 16 before it is weighed.
"""

from __future__ import annotations

from math import floor, log2

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.features import apply_to_each, box_mean
from MedFusionLib.networks.framing import cut_to, pad_to_multiple
from MedFusionLib.networks.pyramid import collapse, gaussian_pyramid, laplacian_pyramid

PATCH = 16
"""Height and width in pixels of the patches that the network compares."""

_MATCH = 0.6
_FLOOR = 1e-12


class Siamese(nn.Module):
    """(batch, 2, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1].

    ``scores`` is what is trained, on pairs of patches; ``weights`` the map that it makes of whole pictures.
    """

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2), nn.Conv2d(128, 256, 3, padding=1), nn.ReLU())
        self.compare = nn.Conv2d(512, 2, PATCH // 2)

    def scores(self, sources: Tensor) -> Tensor:
        """Scores (batch, 2, rows, columns) of the two sources before the softmax, for patches two pixels apart."""
        scores: Tensor = self.compare(apply_to_each(self.branch, sources.unsqueeze(2)).flatten(1, 2))
        return scores

    def weights(self, sources: Tensor) -> Tensor:
        """The weight (batch, 1, height, width) in [0, 1] of the first source; the second has the rest."""
        first = self.scores(pad_to_multiple(sources, PATCH)).softmax(1)[:, :1]
        patch = first.new_ones(1, 1, PATCH, PATCH)
        spread = functional.conv_transpose2d(torch.cat((first, torch.ones_like(first))), patch, stride=2)
        summed, covering = spread.chunk(2)
        return cut_to(summed / covering, tuple(sources.shape[2:]))

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        levels = floor(log2(min(sources.shape[2:])))
        weights = gaussian_pyramid(self.weights(sources), levels)
        bands = laplacian_pyramid(sources, levels)
        return clip_to_unit(collapse([_join(band, weight) for band, weight in zip(bands, weights, strict=True)]))


def _join(band: Tensor, weight: Tensor) -> Tensor:
    """Two sources' ``band`` (batch, 2, height, width) averaged by ``weight`` where they match, else the stronger."""
    first, second = band.chunk(2, 1)
    energies = box_mean(band * band)
    match = 2.0 * box_mean(first * second) / (energies.sum(1, keepdim=True) + _FLOOR)
    stronger = torch.where(energies[:, :1] > energies[:, 1:], first, second)
    return torch.where(match > _MATCH, weight * first + (1.0 - weight) * second, stronger)
