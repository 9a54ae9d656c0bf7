"""A conditional GAN in the manner of Pix2Pix: a U-Net that draws the fused picture, judged patch by patch.

P. Isola, J.-Y. Zhu, T. Zhou and A. Efros, Image-to-image translation with conditional adversarial networks, CVPR 2017.

Generator (their U-Net): ``depth`` (8) 4 x 4 convolutions with stride 2 to 1, 2, 4, 8, 8, ... times ``width`` (64)
channels with leaky ReLU (0.2), as many transposed ones back with ReLU, each joined to its mirror image of the encoder;
batch normalisation but at both ends and at the bottom; tanh; dropout of one half in the decoder's inner layers, those
from the second to the fourth. Discriminator (70 x 70 PatchGAN): 4 x 4 convolutions to 64, 128, 256 (stride 2), 512 and
1 channels (stride 1); one score for each patch. With three channels in and out 54.4 and 2.8 million learned numbers, as
the authors' program prints.

Losses: cross-entropy on the scores, and 100 times the L1 distance to the target.

Choices taken: the paper needs a true picture as target, which fusion has not; training names one (the pixel-wise
maximum, or another method's picture). Noise enters by dropout in training only, so that fusing is repeatable. The
catalog's network is narrower and less deep, for 54 million numbers are out of proportion to the task.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.framing import cut_to, pad_to_multiple

_WIDEST = 8
_DISTANCE_WEIGHT = 100.0


def _down(inputs: int, outputs: int, normalise: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.LeakyReLU(0.2), nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(outputs)] if normalise else []))


def _up(inputs: int, outputs: int, dropout: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
                               nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.Dropout(0.5)] if dropout else []))


class UNetGenerator(nn.Module):
    """(batch, inputs, height, width) in [0, 1] to (batch, outputs, height, width) in [0, 1], of any size."""

    def __init__(self, inputs: int = 2, outputs: int = 1, width: int = 64, depth: int = 8) -> None:
        super().__init__()
        self.depth = depth
        widths = [width * min(2 ** level, _WIDEST) for level in range(depth)]
        self.first = nn.Conv2d(inputs, width, 4, 2, 1, bias=False)
        self.downs = nn.ModuleList(
            _down(widths[level - 1], widths[level], normalise=level < depth - 1) for level in range(1, depth))
        # The bottom has no mirror image to be joined to, so its layer takes half as many channels.
        self.ups = nn.ModuleList(
            _up(widths[level] * (1 if level == depth - 1 else 2), widths[level - 1],
                dropout=4 <= level < depth - 1) for level in range(depth - 1, 0, -1))
        self.last = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * width, outputs, 4, 2, 1))

    def forward(self, sources: Tensor) -> Tensor:
        """The pictures drawn from ``sources``."""
        features = [self.first(2.0 * pad_to_multiple(sources, 2 ** self.depth) - 1.0)]
        for down in self.downs:
            features.append(down(features[-1]))
        drawn = features.pop()
        for up in self.ups:
            drawn = torch.cat((features.pop(), up(drawn)), 1)
        return cut_to(0.5 * (torch.tanh(self.last(drawn)) + 1.0), tuple(sources.shape[2:]))


class PatchDiscriminator(nn.Module):
    """Scores (batch, 1, rows, columns) of overlapping patches of 70 x 70 pixels of (batch, inputs, height, width).

    ``inputs`` counts the condition's channels and the judged picture's, which are given joined, condition first.
    """

    def __init__(self, inputs: int = 3, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for factor, stride in ((1, 2), (2, 2), (4, 1)):
            layers += [nn.Conv2d(factor * width, 2 * factor * width, 4, stride, 1, bias=False),
                       nn.BatchNorm2d(2 * factor * width), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores; positive for what looks real."""
        scores: Tensor = self.layers(2.0 * pictures - 1.0)
        return scores


def adversarial_loss(scores: Tensor) -> Tensor:
    """What the generator lowers to deceive; ``scores`` are the discriminator's for (sources, fused)."""
    return functional.binary_cross_entropy_with_logits(scores, torch.ones_like(scores))


def discriminator_loss(real: Tensor, made: Tensor) -> Tensor:
    """What the discriminator lowers, from its scores of (sources, target) and of (sources, fused); half, as there."""
    return 0.5 * (functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
                  + functional.binary_cross_entropy_with_logits(made, torch.zeros_like(made)))


class Pix2PixCritics(nn.Module):
    """The PatchGAN, whatever the ``patch``, and the paper's losses towards the pixel-wise maximum; see ``Critics``."""

    def __init__(self, patch: int = 256, width: int = 32) -> None:
        super().__init__()
        self.patches = PatchDiscriminator(3, width)

    def make(self, generator: nn.Module, sources: Tensor) -> tuple[Tensor, ...]:
        """The drawn pictures."""
        return (generator(sources),)

    def _scores(self, judged: Tensor, sources: Tensor) -> Tensor:
        scores: Tensor = self.patches(torch.cat((sources, judged), 1))
        return scores

    def tell_apart(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """What the discriminator lowers."""
        return discriminator_loss(self._scores(sources.amax(1, keepdim=True), sources),
                                  self._scores(made[0], sources))

    def deceive(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The adversarial part of the generator's loss."""
        return adversarial_loss(self._scores(made[0], sources))

    def content(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The distance to the target, 100 times as in the paper."""
        return _DISTANCE_WEIGHT * functional.l1_loss(made[0], sources.amax(1, keepdim=True))
