"""Sources weighed by the whitened features of a ResNet-50 that was trained on ImageNet; nothing is learned for fusion.

H. Li, X.-J. Wu and T. S. Durrani, Infrared and visible image fusion with ResNet and zero-phase component analysis,
Infrared Physics and Technology 102, 2019, article 103039; the network: K. He, X. Zhang, S. Ren and J. Sun, Deep
residual learning for image recognition, CVPR 2016.

The 1024 maps after the fourth stage (conv4_x, a sixteenth of the picture) are whitened one by one, U (S + e)^(-1/2)
U^T F with U S U^T = F F^T and e = 1e-5; their l1 norm over the channels is averaged in a box of 5 x 5, enlarged by
bicubic interpolation, and divided by the sum over the sources: the weights. 8,543,296 numbers, none learned here.

Losses: none. The weights are those of the user, with torchvision's names and normalisation, without the last stage.

Choices taken: conv4_x of the layers that the paper compares; grey pictures enter three times; where bicubic
interpolation falls below nothing, a source has no weight.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.features import apply_to_each

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_WHITENING_FLOOR = 1e-5
_ACTIVITY_FLOOR = 1e-6
_BOX = 5


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions, normalised, added to their input; four times ``width`` maps."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.downsample = nn.Identity() if inputs == 4 * width else nn.Sequential(
            nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, maps: Tensor) -> Tensor:
        """The maps after the block."""
        inner = functional.relu(self.bn1(self.conv1(maps)))
        inner = functional.relu(self.bn2(self.conv2(inner)))
        return functional.relu(self.bn3(self.conv3(inner)) + self.downsample(maps))


class ResNetFeatures(nn.Module):
    """(batch, source, height, width) in [0, 1], two sources or more in any order, to (batch, 1, height, width)."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.layer1 = _stage(64, 64, 3, 1)
        self.layer2 = _stage(256, 128, 4, 2)
        self.layer3 = _stage(512, 256, 6, 2)
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(_DEVIATION).view(1, 1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> ResNetFeatures:
        """Stays in eval mode: the statistics of ImageNet are part of the frozen features."""
        return super().train(False)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        return clip_to_unit((self.weights(sources) * sources).sum(1, keepdim=True))

    def weights(self, sources: Tensor) -> Tensor:
        """The weights (batch, source, height, width) of the sources, which add to 1."""
        coloured = (sources.unsqueeze(2).expand(-1, -1, 3, -1, -1) - self.mean) / self.deviation
        stages = nn.Sequential(self.conv1, self.bn1, nn.ReLU(), nn.MaxPool2d(3, 2, 1),
                               self.layer1, self.layer2, self.layer3)
        size = whitened(apply_to_each(stages, coloured)).abs().sum(2)
        activity = functional.avg_pool2d(size, _BOX, 1, _BOX // 2, count_include_pad=False)
        activity = functional.interpolate(activity, sources.shape[2:], mode="bicubic").clamp_min(0.0) + _ACTIVITY_FLOOR
        return activity / activity.sum(1, keepdim=True)


def whitened(maps: Tensor) -> Tensor:
    """Each of ``maps`` (..., height, width) with its rows made uncorrelated, turned as little as that takes."""
    strength, basis = torch.linalg.eigh(maps @ maps.mT)
    scale = (strength.clamp_min(0.0) + _WHITENING_FLOOR).rsqrt()
    turned: Tensor = (basis * scale.unsqueeze(-2)) @ basis.mT @ maps
    return turned


def _stage(inputs: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    return nn.Sequential(Bottleneck(inputs, width, stride),
                         *(Bottleneck(4 * width, width, 1) for _ in range(blocks - 1)))
