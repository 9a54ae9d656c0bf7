"""IFCNN: the features of any number of sources, joined element by element.

Y. Zhang, Y. Liu, P. Sun, H. Yan, X. Zhao and L. Zhang, IFCNN: a general image fusion framework based on convolutional
neural network, Information Fusion 54, 2020, pages 99 to 118.

Layers: CONV1, 7 x 7, 3 to 64 channels, no bias, no activation (the first layer of a ResNet-101 trained on ImageNet,
frozen, with stride 1); CONV2, 3 x 3, 64 to 64, no bias, batch normalisation, ReLU, for each source; the element-wise
rule; CONV3 as CONV2; CONV4, 1 x 1, 64 to 3, with bias. Edge voxels are repeated before each convolution. The paper
takes the maximum for medical pictures, the mean for exposures, and tries the sum. 83,587 learned numbers.

Losses: the mean squared error to the ground truth, and, once that has settled, in addition the same between the
features that a frozen ResNet-101 has of both, on multi-focus pictures made from NYU-D2.

Choices taken: grey pictures enter three times, as in the authors' program, without ImageNet's normalisation, as it
does for medical pictures; the three channels of the answer become their BT.601 luma. CONV1 is not frozen here, since
that is of use with ImageNet's filters only: who starts from those freezes it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from MedFusionLib.colour import LUMA
from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.features import RULES, apply_to_each


def _block() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(64, 64, 3, padding=1, padding_mode="replicate", bias=False),
                         nn.BatchNorm2d(64), nn.ReLU())


class IFCNN(nn.Module):
    """(batch, source, height, width) in [0, 1], two sources or more in any order, to (batch, 1, height, width).

    ``rule`` joins the features: "max", "mean" or "sum".
    """

    luma: Tensor

    def __init__(self, rule: str = "max") -> None:
        super().__init__()
        self.join = RULES[rule]
        self.conv1 = nn.Conv2d(3, 64, 7, padding=3, padding_mode="replicate", bias=False)
        self.conv2 = _block()
        self.conv3 = _block()
        self.conv4 = nn.Conv2d(64, 3, 1)
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)
        self.apply(_initialise)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        coloured = sources.unsqueeze(2).expand(-1, -1, 3, -1, -1)
        features = apply_to_each(nn.Sequential(self.conv1, self.conv2), coloured)
        channels = self.conv4(self.conv3(self.join(features)))
        return clip_to_unit((channels * self.luma).sum(1, keepdim=True))


def _initialise(layer: nn.Module) -> None:
    """Normal weights whose variance is 2 over the output's fan, as the authors' program draws them."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out")
