"""A U-Net end to end: both sources enter as channels, the fused picture leaves.

O. Ronneberger, P. Fischer and T. Brox, U-Net: convolutional networks for biomedical image segmentation, MICCAI 2015;
in 3-D as O. Cicek et al., 3D U-Net: learning dense volumetric segmentation from sparse annotation, MICCAI 2016.

Layers: two 3 x 3 convolutions with ReLU on each of four levels, halved by maximum pooling, doubled by transposed
convolutions 2 x 2 with stride 2, joined with the maps of the same level, and a last 1 x 1 convolution.

Losses: the paper segments; as a fusion network it is trained with the losses that a recipe names.

Choices taken: as many channels on the first level as ``channels`` says (the paper's 64 and a fifth level are made for
segmentation), twice as many on each further one; convolutions keep the size, where the paper's lose their borders; no
normalisation, as in 2015, since one that looks at the whole picture would make brightness jump between slices.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.framing import cut_to, pad_to_multiple

_LEVELS = 4
_CONVOLUTION: dict[int, type[nn.Module]] = {2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED: dict[int, type[nn.Module]] = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_POOLING: dict[int, type[nn.Module]] = {2: nn.MaxPool2d, 3: nn.MaxPool3d}


class UNet(nn.Module):
    """(batch, 2, *spatial) in [0, 1] to (batch, 1, *spatial) in [0, 1], in ``dimension`` 2 or 3."""

    def __init__(self, dimension: int = 2, channels: int = 32) -> None:
        super().__init__()
        widths = [channels * 2 ** level for level in range(_LEVELS)]
        self.down = nn.ModuleList(_pair(dimension, inputs, outputs)
                                  for inputs, outputs in zip([2, *widths], widths, strict=False))
        self.pool = _POOLING[dimension](2)
        self.enlarge = nn.ModuleList(_TRANSPOSED[dimension](2 * width, width, 2, 2) for width in widths[-2::-1])
        self.up = nn.ModuleList(_pair(dimension, 2 * width, width) for width in widths[-2::-1])
        self.last = _CONVOLUTION[dimension](channels, 1, 1)
        # A picture that begins as grey, not as black, is not clipped.
        nn.init.constant_(self.last.get_parameter("bias"), 0.5)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures or volumes."""
        maps: Tensor = self.down[0](pad_to_multiple(sources, 2 ** (_LEVELS - 1)))
        kept = [maps]
        for down in self.down[1:]:
            maps = down(self.pool(maps))
            kept.append(maps)
        for enlarge, up, beside in zip(self.enlarge, self.up, kept[-2::-1], strict=True):
            maps = up(torch.cat((beside, enlarge(maps)), 1))
        return cut_to(clip_to_unit(self.last(maps)), tuple(sources.shape[2:]))


def _pair(dimension: int, inputs: int, outputs: int) -> nn.Sequential:
    convolution = _CONVOLUTION[dimension]
    return nn.Sequential(convolution(inputs, outputs, 3, padding=1), nn.ReLU(),
                         convolution(outputs, outputs, 3, padding=1), nn.ReLU())
