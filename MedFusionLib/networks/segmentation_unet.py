"""A plain U-Net that segments: the yardstick for TransFuse.

O. Ronneberger, P. Fischer and T. Brox, U-Net: convolutional networks for biomedical image segmentation, MICCAI 2015.

Layers: MONAI's ``BasicUNet``, pairs of 3 x 3 convolutions on five levels, halved by maximum pooling, doubled by
transposed convolutions, joined with the maps of the same level, and a last 1 x 1 convolution.

Choices taken: narrower than the paper's, so that it has fewer numbers than the light TransFuse it is compared with;
batch normalisation and leaky ReLU, and convolutions that keep the size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from MedFusionLib.networks.framing import cut_to, pad_to_multiple

_HALVINGS = 4


class SegmentationUNet(nn.Module):
    """(batch, inputs, height, width) to probabilities (batch, 1, height, width).

    ``channels`` is the number on the first level, ``dropout`` the share of maps left out in training.
    """

    def __init__(self, inputs: int = 3, channels: int = 16, dropout: float = 0.1) -> None:
        from monai.networks.nets.basic_unet import BasicUNet

        super().__init__()
        widths = (channels, channels, 2 * channels, 4 * channels, 8 * channels, channels)
        self.network = BasicUNet(2, inputs, 1, widths, norm=("batch", {"affine": True}), dropout=dropout)

    def logits(self, sources: Tensor) -> tuple[Tensor]:
        """The logits, alone in a tuple, since a network may have several supervised outputs."""
        made: Tensor = self.network(pad_to_multiple(sources, 2**_HALVINGS))
        return (cut_to(made, tuple(sources.shape[2:])),)

    def forward(self, sources: Tensor) -> Tensor:
        """The probability that each pixel belongs to the structure."""
        return torch.sigmoid(self.logits(sources)[0])
