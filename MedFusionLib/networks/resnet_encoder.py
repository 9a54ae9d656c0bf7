"""A ResNet encoder, tuned for fusion, with a decoder of its own.

The encoder: K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, CVPR 2016, ResNet-18 up
to conv3_x, with torchvision's names, so that ImageNet's weights can be its beginning. That a residual encoder can be
tuned for fusion is an old idea (IFCNN takes the first layer of one); decoder, rule and losses are ours.

Layers: conv1 (7 x 7, stride 2, 64 maps), maximum pooling, two residual blocks of 64 and two of 128 maps, for each
source alike; their element-wise maximum over the sources at an eighth, a quarter and half of the size; from the lowest
three bilinear enlargements, each joined to the maximum of that size but the last, and a 3 x 3 convolution to 64, 32 and
16 maps with ReLU; beside 16 maps of each source at full size they give one logit for each source, the softmax over them
its weight. 835,697 learned numbers.

Losses: a recipe names them; its ``step`` may name a file of ImageNet weights to begin with. The weights that come with
MedFusion began at random, because no package that we may use ships those of this network.

The fused picture is the sources' weighted mean: black stays black, and the order of the sources does not matter.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.features import apply_to_each, maximum
from MedFusionLib.networks.framing import cut_to, pad_to_multiple

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_STEM = 16


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions, normalised, added to their input."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.downsample = nn.Identity() if stride == 1 and inputs == width else nn.Sequential(
            nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, maps: Tensor) -> Tensor:
        """The maps after the block."""
        inner = functional.relu(self.bn1(self.conv1(maps)))
        return functional.relu(self.bn2(self.conv2(inner)) + self.downsample(maps))


class Encoder(nn.Module):
    """ResNet-18 up to conv3_x: grey pictures (batch, 1, height, width) to maps of half, a quarter and an eighth."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(_DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The maps, finest first."""
        coloured = (pictures.expand(-1, 3, -1, -1) - self.mean) / self.deviation
        half = functional.relu(self.bn1(self.conv1(coloured)))
        quarter = self.layer1(functional.max_pool2d(half, 3, 2, 1))
        return half, quarter, self.layer2(quarter)


class ResNetEncoder(nn.Module):
    """(batch, source, height, width) in [0, 1], two sources or more in any order, to (batch, 1, height, width)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.climb = nn.ModuleList((_convolution(128 + 64, 64), _convolution(64 + 64, 32), _convolution(32, _STEM)))
        self.stem = _convolution(1, _STEM)
        self.logit = nn.Conv2d(2 * _STEM, 1, 3, padding=1)

    def weights(self, sources: Tensor) -> Tensor:
        """The weight of each source at each pixel, (batch, source, height, width), 1 in all."""
        batch, number = sources.shape[:2]
        framed = pad_to_multiple(sources, 8)
        half, quarter, maps = (maximum(each.unflatten(0, (batch, number)))
                               for each in self.encoder(framed.flatten(0, 1)[:, None]))
        for climb, beside in zip(self.climb, ((quarter,), (half,), ()), strict=True):
            maps = climb(torch.cat((functional.interpolate(maps, scale_factor=2, mode="bilinear"), *beside), 1))
        common = maps[:, None].expand(-1, number, -1, -1, -1)
        each = apply_to_each(self.stem, framed.unsqueeze(2))
        logits = apply_to_each(self.logit, torch.cat((each, common), 2)).squeeze(2)
        return torch.softmax(cut_to(logits, tuple(sources.shape[2:])), 1)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        return (self.weights(sources) * sources).sum(1, keepdim=True)


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU())
