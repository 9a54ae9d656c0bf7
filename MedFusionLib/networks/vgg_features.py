"""Details weighed by the features of a VGG-19 that was trained on ImageNet; nothing is learned for fusion.

H. Li, X.-J. Wu and J. Kittler, Infrared and visible image fusion using a deep learning framework, 24th International
Conference on Pattern Recognition, 2018.

Each source is parted into a base, which minimises |I - B|^2 + 5 (|dB/dx|^2 + |dB/dy|^2), and its details I - B. The
bases are averaged. Of the details' maps after relu1_1, relu2_1, relu3_1 and relu4_1 the l1 norm over the channels,
averaged in a box of 3 x 3, gives one weight map a layer, enlarged to the picture; the fused details are the greatest
of the four weighted means. 3,505,728 numbers, none of them learned here.

Losses: none. The weights are those of the user, with torchvision's names and normalisation ("features.0.weight" and
so on, up to the ninth convolution).

Choices taken: grey details enter three times; the base is found by the Fourier transform after 16 repeated edge
pixels, so that opposite borders do not meet; pooling takes the last row or column of an odd size too.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.features import apply_to_each, l1_weights

_SMOOTHNESS = 5.0
_MARGIN = 16
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Channels of the convolutions up to conv4_1; 0 is a pooling, each of which halves the picture.
_LAYERS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512)


class VGGFeatures(nn.Module):
    """(batch, source, height, width) in [0, 1], two sources or more in any order, to (batch, 1, height, width)."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(*_layers()).requires_grad_(False)
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(_DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        bases = base(sources)
        details = sources - bases
        fused = [(weights * details).sum(1, keepdim=True) for weights in self.weights(details)]
        return clip_to_unit(bases.mean(1, keepdim=True) + reduce(torch.maximum, fused))

    def weights(self, details: Tensor) -> list[Tensor]:
        """The sources' weights (batch, source, height, width), which add to 1, by each of the four layers."""
        maps = details.unsqueeze(2).expand(-1, -1, 3, -1, -1)
        maps = (maps - self.mean.unsqueeze(1)) / self.deviation.unsqueeze(1)
        found: list[Tensor] = []
        for block in self._blocks():
            maps = apply_to_each(block, maps)
            found.append(functional.interpolate(l1_weights(maps), details.shape[2:]))
        return found

    def _blocks(self) -> list[nn.Module]:
        """The layers between one asked activation and the next."""
        return [self.features[start:end] for start, end in ((0, 2), (2, 7), (7, 12), (12, 21))]


def base(sources: Tensor) -> Tensor:
    """The smooth part of ``sources`` (batch, source, height, width)."""
    framed = functional.pad(sources, (_MARGIN,) * 4, mode="replicate")
    height, width = framed.shape[2:]
    # The squared response of a difference of neighbours is 4 sin^2(pi f).
    rows, columns = (4.0 * torch.sin(torch.pi * frequency) ** 2 for frequency in (
        torch.fft.fftfreq(height, device=sources.device), torch.fft.rfftfreq(width, device=sources.device)))
    spectrum = torch.fft.rfft2(framed) / (1.0 + _SMOOTHNESS * (rows[:, None] + columns))
    smooth: Tensor = torch.fft.irfft2(spectrum, s=(height, width))
    return smooth[..., _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]


def _layers() -> list[nn.Module]:
    layers: list[nn.Module] = []
    inputs = 3
    for outputs in _LAYERS:
        if outputs:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
            inputs = outputs
        else:
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
    return layers
