"""The two branches of TransFuse: the first stages of a residual network, and a vision transformer.

K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, CVPR 2016: 7 x 7 convolution with
stride 2, maximum pooling, and basic blocks of two 3 x 3 convolutions; 3, 4 and 6 of them (ResNet-34 without its last
stage). H. Touvron et al., Training data-efficient image transformers, ICML 2021 (DeiT), after Dosovitskiy 2021: patches
of 16 x 16 pixels as tokens, learned positions, blocks of self-attention. No class token.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.attention import Block

PATCH = 16
"""Height and width in pixels of a token of the transformer."""


class _Basic(nn.Module):
    """Two 3 x 3 convolutions beside the identity, or beside a 1 x 1 convolution where size or channels change."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs))
        self.beside: nn.Module = nn.Identity() if stride == 1 and inputs == outputs else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, maps: Tensor) -> Tensor:
        return torch.relu(self.layers(maps) + self.beside(maps))


class ResidualBranch(nn.Module):
    """(batch, inputs, height, width) to maps of a quarter, an eighth and a sixteenth of the size.

    They have ``base``, 2 ``base`` and 4 ``base`` channels.
    """

    def __init__(self, inputs: int, base: int = 64, blocks: tuple[int, int, int] = (3, 4, 6)) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(inputs, base, 7, 2, 3, bias=False), nn.BatchNorm2d(base), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.stages = nn.ModuleList()
        given = base
        for level, number in enumerate(blocks):
            width = base * 2 ** level
            first = _Basic(given, width, 1 if level == 0 else 2)
            self.stages.append(nn.Sequential(first, *(_Basic(width, width, 1) for _ in range(number - 1))))
            given = width

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The maps of the three stages, finest first."""
        maps = [self.stem(pictures)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[1:]


class TransformerBranch(nn.Module):
    """(batch, inputs, height, width), sides multiples of 16, to maps (batch, width, height / 16, width / 16).

    Positions are learned on a grid of ``grid`` tokens and stretched bilinearly to any other.
    """

    def __init__(self, inputs: int, width: int = 384, depth: int = 8, heads: int = 6,
                 grid: tuple[int, int] = (12, 16)) -> None:
        super().__init__()
        self.embed = nn.Conv2d(inputs, width, PATCH, PATCH)
        self.positions = nn.Parameter(torch.zeros(1, width, *grid))
        nn.init.trunc_normal_(self.positions, std=0.02)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)), nn.LayerNorm(width, eps=1e-6))

    def forward(self, pictures: Tensor) -> Tensor:
        """The maps."""
        embedded = self.embed(pictures)
        size = embedded.shape[2:]
        positions = functional.interpolate(self.positions, size=size, mode="bilinear", align_corners=True)
        tokens = self.blocks((embedded + positions).flatten(2).transpose(1, 2))
        maps: Tensor = tokens.transpose(1, 2).unflatten(2, tuple(size))
        return maps
