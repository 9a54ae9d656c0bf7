"""FuseGAN: a conditional GAN that learns which source to trust at each pixel.

X. Guo, R. Nie, J. Cao, D. Zhou, L. Mei and K. He, FuseGAN: learning to fuse multi-focus image via conditional
generative adversarial network, IEEE Transactions on Multimedia 21(8), 2019.

From the paper: the generator's encoder is Siamese (the same layers for both sources), its two outputs are joined and
decoded to one confidence map; the discriminator judges the map beside both sources; the objective is that of
least-squares GANs with an L1 distance to the true map; the map is refined by a convolutional CRF to a decision map, and
the fused picture takes each pixel from the source that it names.

Choices taken, since no program was published and we could not see the paper's table of layers: the encoder is a 7 x 7
convolution to ``width`` channels and two of 3 x 3 with stride 2 that double them; a 3 x 3 convolution joins both
outputs; ``blocks`` residual blocks; two bilinear enlargements, each followed by a 3 x 3 convolution; a 7 x 7
convolution with a sigmoid; batch normalisation and ReLU throughout (the residual generator of Johnson 2016, which
conditional GANs of those years share). The discriminator is the 70 x 70 PatchGAN. The weight of the L1 distance is
100, as in Pix2Pix.
Sources of different modalities are not sharp or blurred but both right, so the map is used as it is, as a weight;
``steps`` > 0 refines it first. The true map is likewise not known: ours names the source that is brighter in the mean
of 5 x 5 pixels, and the recipe lets it count little beside the fused picture itself. The catalog's network is half as
wide (16), with a quarter of the 2.3 million numbers.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.conv_crf import refine
from MedFusionLib.networks.framing import cut_to, pad_to_multiple
from MedFusionLib.networks.pix2pix import PatchDiscriminator

_DISTANCE_WEIGHT = 100.0
_AROUND = 5


def _block(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, padding_mode="replicate", bias=False),
                         nn.BatchNorm2d(outputs), nn.ReLU())


class _Residual(nn.Module):
    """Two 3 x 3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _block(channels, channels, 3),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="replicate", bias=False), nn.BatchNorm2d(channels))

    def forward(self, features: Tensor) -> Tensor:
        changed: Tensor = self.layers(features)
        return features + changed


class FuseGAN(nn.Module):
    """The generator: (batch, 2, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1].

    ``steps`` is the number of refining steps of the CRF; 0 leaves the confidence as it is.
    """

    def __init__(self, width: int = 32, blocks: int = 6, steps: int = 0) -> None:
        super().__init__()
        self.steps = steps
        self.encoder = nn.Sequential(
            _block(1, width, 7), _block(width, 2 * width, 3, 2), _block(2 * width, 4 * width, 3, 2))
        self.join = _block(8 * width, 4 * width, 3)
        self.blocks = nn.Sequential(*(_Residual(4 * width) for _ in range(blocks)))
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"), _block(4 * width, 2 * width, 3),
            nn.Upsample(scale_factor=2, mode="bilinear"), _block(2 * width, width, 3),
            nn.Conv2d(width, 1, 7, padding=3, padding_mode="replicate"))

    def confidence(self, sources: Tensor) -> Tensor:
        """How much each pixel of the first source is to be trusted, (batch, 1, height, width) in [0, 1]."""
        framed = pad_to_multiple(sources, 4)
        joined = torch.cat((self.encoder(framed[:, :1]), self.encoder(framed[:, 1:2])), 1)
        logits = self.decoder(self.blocks(self.join(joined)))
        return torch.sigmoid(cut_to(logits, tuple(sources.shape[2:])))

    def both(self, sources: Tensor) -> tuple[Tensor, Tensor]:
        """The fused pictures, and the confidence by which the sources were weighted."""
        confidence = self.confidence(sources)
        if self.steps:
            confidence = refine(confidence, sources, self.steps)
        return confidence * sources[:, :1] + (1.0 - confidence) * sources[:, 1:2], confidence

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        return self.both(sources)[0]


def decide(sources: Tensor) -> Tensor:
    """The true map of (batch, 2, height, width): 1 where the first source is brighter around a pixel, else 0."""
    around = functional.avg_pool2d(sources, _AROUND, 1, _AROUND // 2, count_include_pad=False)
    return (around[:, :1] > around[:, 1:2]).to(sources.dtype)


def adversarial_loss(scores: Tensor) -> Tensor:
    """What the generator lowers to deceive; ``scores`` are the discriminator's for the made map."""
    return 0.5 * functional.mse_loss(scores, torch.ones_like(scores))


def discriminator_loss(real: Tensor, made: Tensor) -> Tensor:
    """What the discriminator lowers, from its scores of true and of made maps, each judged beside both sources."""
    return 0.5 * (functional.mse_loss(real, torch.ones_like(real)) + functional.mse_loss(made, torch.zeros_like(made)))


class FuseGANCritics(nn.Module):
    """The discriminator of maps beside their sources, and the paper's losses; see ``Critics``."""

    def __init__(self, patch: int = 128, width: int = 32) -> None:
        super().__init__()
        self.maps = PatchDiscriminator(3, width)

    def make(self, generator: nn.Module, sources: Tensor) -> tuple[Tensor, ...]:
        """The fused pictures and the confidence."""
        return cast(FuseGAN, generator).both(sources)

    def _scores(self, judged: Tensor, sources: Tensor) -> Tensor:
        scores: Tensor = self.maps(torch.cat((sources, judged), 1))
        return scores

    def tell_apart(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """What the discriminator lowers."""
        return discriminator_loss(self._scores(decide(sources), sources), self._scores(made[1], sources))

    def deceive(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The adversarial part of the generator's loss."""
        return adversarial_loss(self._scores(made[1], sources))

    def content(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The distance to the true map, 100 times as in Pix2Pix."""
        return _DISTANCE_WEIGHT * functional.l1_loss(made[1], decide(sources))
