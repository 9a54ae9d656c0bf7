"""BiFusion: joins what a convolutional and a transformer branch see, and climbs back to full resolution.

Y. Zhang, H. Liu and Q. Hu, TransFuse: fusing transformers and CNNs for medical image segmentation, MICCAI 2021,
section 2. Channel attention (squeeze and excitation, J. Hu 2018) for the transformer's maps, spatial attention (S. Woo
2018) for the CNN's, their product after a 1 x 1 convolution each, and a residual block over all three. Attention gates
(O. Oktay 2018) on the way up. Where the paper leaves sizes open they are those of the authors' program.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _normalised(inputs: int, outputs: int, kernel: int, bias: bool = True) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias), nn.BatchNorm2d(outputs))


def convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Convolution that keeps the size, batch normalisation and ReLU."""
    return nn.Sequential(*_normalised(inputs, outputs, kernel), nn.ReLU())


class _Residual(nn.Module):
    """A bottleneck whose layers are normalised beforehand, beside a 1 x 1 convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        self.layers = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, half, 1),
            nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, half, 3, padding=1),
            nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, outputs, 1))
        self.beside = nn.Conv2d(inputs, outputs, 1)

    def forward(self, maps: Tensor) -> Tensor:
        joined: Tensor = self.layers(maps) + self.beside(maps)
        return joined


class BiFusion(nn.Module):
    """Maps ``local`` of the CNN and ``distant`` of the transformer, of one size, to ``outputs`` channels.

    ``squeeze`` is by how much channel attention narrows; ``dropout`` the share of maps left out in training.
    """

    def __init__(self, local: int, distant: int, outputs: int, squeeze: int, dropout: float) -> None:
        super().__init__()
        self.channels = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(distant, distant // squeeze, 1), nn.ReLU(),
            nn.Conv2d(distant // squeeze, distant, 1), nn.Sigmoid())
        self.places = nn.Sequential(*_normalised(2, 1, 7, bias=False), nn.Sigmoid())
        self.from_local = _normalised(local, outputs, 1)
        self.from_distant = _normalised(distant, outputs, 1)
        self.product = convolution(outputs, outputs, 3)
        self.residual = nn.Sequential(_Residual(local + distant + outputs, outputs), nn.Dropout2d(dropout))

    def forward(self, local: Tensor, distant: Tensor) -> Tensor:
        """The joined maps."""
        product = self.product(self.from_local(local) * self.from_distant(distant))
        extremes = torch.cat((local.amax(1, keepdim=True), local.mean(1, keepdim=True)), 1)
        seen = (self.places(extremes) * local, self.channels(distant) * distant, product)
        joined: Tensor = self.residual(torch.cat(seen, 1))
        return joined


class _Gate(nn.Module):
    """Lets those places of ``beside`` pass that ``coarse`` asks for."""

    def __init__(self, coarse: int, beside: int, inside: int) -> None:
        super().__init__()
        self.from_coarse = _normalised(coarse, inside, 1)
        self.from_beside = _normalised(beside, inside, 1)
        self.open = nn.Sequential(nn.ReLU(), *_normalised(inside, 1, 1), nn.Sigmoid())

    def forward(self, coarse: Tensor, beside: Tensor) -> Tensor:
        passed: Tensor = beside * self.open(self.from_coarse(coarse) + self.from_beside(beside))
        return passed


class Climb(nn.Module):
    """Twice the size, then two 3 x 3 convolutions beside a 1 x 1 one; with ``beside`` > 0 joined to gated maps."""

    def __init__(self, coarse: int, outputs: int, beside: int = 0) -> None:
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.gate = _Gate(coarse, beside, outputs) if beside else None
        self.layers = nn.Sequential(convolution(coarse + beside, outputs, 3), _normalised(outputs, outputs, 3))
        self.identity = _normalised(coarse + beside, outputs, 1)

    def forward(self, coarse: Tensor, beside: Tensor | None = None) -> Tensor:
        """Maps of twice the size of ``coarse``; ``beside`` has that size already."""
        maps = self.enlarge(coarse)
        if self.gate is not None and beside is not None:
            maps = torch.cat((self.gate(maps, beside), maps), 1)
        climbed: Tensor = torch.relu(self.layers(maps) + self.identity(maps))
        return climbed
