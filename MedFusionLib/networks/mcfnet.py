"""MCFNet: the maps of every layer of both sources are concatenated on the way back up.

X. Liang, P. Hu, L. Zhang, J. Sun and G. Yin, MCFNet: multi-layer concatenation fusion network for medical images
fusion, IEEE Sensors Journal 19(16), 2019, pages 7107 to 7119.

The idea as we know it (the paper itself was not at hand, so this is to be checked):
end to end, without a hand-made rule; convolutions sample the sources down,
transposed convolutions sample up again, and the maps of both sources are concatenated on several layers, so that what
sampling loses comes back. Sizes, channels and the number of parameters are ours; no figure of the paper is
claimed.

Layers: one branch, shared by both sources, of a 3 x 3 convolution to 16 channels and three 3 x 3 convolutions with
stride 2 to 32, 64 and 128; on each layer the maps of both sources are concatenated; from the lowest, three times a
4 x 4 transposed convolution with stride 2 to 64, 32 and 16 channels and, after the concatenation with both sources'
maps of that layer, a 3 x 3 convolution; at last the sources themselves are concatenated too, and a 3 x 3 convolution
answers. ReLU after each but the last.

Losses: the paper's are not known to us; a recipe names them.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.features import apply_to_each
from MedFusionLib.networks.framing import cut_to, pad_to_multiple

_CHANNELS = (16, 32, 64, 128)


class MCFNet(nn.Module):
    """(batch, 2, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([_convolution(1, _CHANNELS[0])])
        self.down.extend(_convolution(inputs, outputs, stride=2)
                         for inputs, outputs in pairwise(_CHANNELS))
        self.enlarge = nn.ModuleList()
        self.up = nn.ModuleList()
        inputs = 2 * _CHANNELS[-1]
        for channels in _CHANNELS[-2::-1]:
            self.enlarge.append(nn.Sequential(nn.ConvTranspose2d(inputs, channels, 4, 2, 1), nn.ReLU()))
            self.up.append(_convolution(3 * channels, channels))
            inputs = channels
        self.last = nn.Conv2d(_CHANNELS[0] + 2, 1, 3, padding=1)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        framed = pad_to_multiple(sources, 2 ** len(self.up))
        features = framed.unsqueeze(2)
        layers: list[Tensor] = []
        for down in self.down:
            features = apply_to_each(down, features)
            layers.append(features.flatten(1, 2))
        maps = layers[-1]
        for enlarge, up, beside in zip(self.enlarge, self.up, layers[-2::-1], strict=True):
            maps = up(torch.cat((enlarge(maps), beside), 1))
        fused = self.last(torch.cat((maps, framed), 1))
        return cut_to(clip_to_unit(fused), tuple(sources.shape[2:]))


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU())
