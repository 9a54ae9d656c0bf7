"""MCFNet: the maps of every layer of both sources are concatenated on the way back up.

X. Liang, P. Hu, L. Zhang, J. Sun and G. Yin, MCFNet: multi-layer concatenation fusion network for medical images
fusion, IEEE Sensors Journal 19(16), 2019, pages 7107 to 7119.

From the paper's abstract and the notes to the authors' program (which, as published, lacks the network): end to end,
without a hand-made rule; two samplings down; each layer of the reconstruction is joined to the sources' maps of the
same resolution, so that what sampling lost comes back; sampling up by the fast up-convolution of I. Laina et al.,
Deeper depth prediction with fully convolutional residual networks, 3DV 2016, against checkerboards. Its four small
convolutions, interleaved, are a 5 x 5 transposed convolution with stride 2, and that is what stands here.

Choices taken, since neither tells them: channels and depths, and with them the 389,563 learned numbers; one branch,
shared by both sources, of a 3 x 3 convolution to 24 channels and two with stride 2 to 48 and 96; after each joining a
3 x 3 convolution; at last the sources themselves are joined too, and a 3 x 3 convolution answers. ReLU after each but
the last.

Losses: the program has those of SRGAN, from which it is made, and no recipe for fusion; ours are in the recipe.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.features import apply_to_each
from MedFusionLib.networks.framing import cut_to, pad_to_multiple

_CHANNELS = (24, 48, 96)


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
            self.enlarge.append(nn.Sequential(nn.ConvTranspose2d(inputs, channels, 5, 2, 2, 1), nn.ReLU()))
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
