"""FusionGAN: a generator that keeps intensities, and a discriminator that makes it keep texture.

J. Ma, W. Yu, P. Liang, C. Li and J. Jiang, FusionGAN: a generative adversarial network for infrared and visible image
fusion, Information Fusion 48, 2019 (online 2018). The infrared source, whose intensities are to be kept, becomes our
second source (functional: PET, SPECT; or CT), the visible one, whose texture is to be kept, our first (anatomical: MR).

Generator: five convolutions without padding, 5 x 5, 5 x 5, 3 x 3, 3 x 3 and 1 x 1, to 256, 128, 64, 32 and 1 channels;
batch normalisation and leaky ReLU (0.2) after the first four, tanh at the end; pictures lie in [-1, 1] within. They
are continued by six edge pixels beforehand, as in the authors' program. 925,633 learned numbers.

Discriminator: four 3 x 3 convolutions with stride 2, without padding, to 32, 64, 128 and 256 channels, batch
normalisation after all but the first, leaky ReLU (0.2), and a linear layer to one score; patches of 120 x 120.

Losses: least squares with soft labels, drawn evenly from [0, 0.3] for fused pictures, from [0.7, 1.2] for real ones
and for what the generator aims at; content = mean((F - I)^2) + 5 mean((grad F - grad V)^2), 100 times the content
added to the adversarial part (xi = 5, lambda = 100, equations 2 to 5).

Choices taken: the paper takes the gradient without saying how; the authors' program uses the 4-neighbour Laplacian,
and so do we. Weights of the convolutions are not spectrally normalised, which only that program does. A CT or a PET
whose intensities alone are kept leaves most of the MR out, so the weights that come with MedFusion were trained with
other content: intensities of the brightest source and slopes of the steepest one (SwinFusion's), in both orders of the
sources, against the paper's discriminator; patches are 32 pixels wide, since the generator looks 6 pixels far.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH = 120
"""Height and width in pixels of the patches that the discriminator judges."""

_FUSED_LABELS = (0.0, 0.3)
_REAL_LABELS = (0.7, 1.2)
_MARGIN = 6
_CONTENT_WEIGHT = 100.0


def _block(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2))


class FusionGAN(nn.Module):
    """The generator: (batch, 2, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1]; texture first."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _block(2, 256, 5), _block(256, 128, 5), _block(128, 64, 3), _block(64, 32, 3), nn.Conv2d(32, 1, 1))

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        framed = functional.pad(2.0 * sources - 1.0, (_MARGIN,) * 4, mode="replicate")
        return 0.5 * (torch.tanh(self.layers(framed)) + 1.0)


class TextureDiscriminator(nn.Module):
    """Scores (batch, 1, size, size) in [0, 1]: near 1 for pictures with the texture of real first sources."""

    def __init__(self, size: int = PATCH) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, 32, 3, 2), nn.LeakyReLU(0.2)]
        for inputs in (32, 64, 128):
            layers += [nn.Conv2d(inputs, 2 * inputs, 3, 2), nn.BatchNorm2d(2 * inputs), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        # 120 pixels shrink to 59, 29, 14 and 6.
        side = reduce(lambda edge, _: (edge - 1) // 2, range(4), size)
        self.score = nn.Linear(side * side * 256, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (batch, 1)."""
        score: Tensor = self.score(self.layers(2.0 * pictures - 1.0).flatten(1))
        return score


def _laplacian(pictures: Tensor) -> Tensor:
    kernel = pictures.new_tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    return functional.conv2d(functional.pad(pictures, (1,) * 4, mode="replicate"), kernel[None, None])


def _labels(scores: Tensor, bounds: tuple[float, float]) -> Tensor:
    return torch.empty_like(scores).uniform_(*bounds)


def content_loss(fused: Tensor, sources: Tensor, texture_weight: float = 5.0) -> Tensor:
    """Squared distance to the second source's intensities and, ``texture_weight`` times, to the first one's texture."""
    intensity = functional.mse_loss(fused, sources[:, 1:2])
    texture = functional.mse_loss(_laplacian(fused), _laplacian(sources[:, :1]))
    return intensity + texture_weight * texture


def adversarial_loss(score: Tensor) -> Tensor:
    """How far the ``score`` of fused pictures is from that of real ones."""
    return functional.mse_loss(score, _labels(score, _REAL_LABELS))


def discriminator_loss(real: Tensor, fused: Tensor) -> Tensor:
    """What the discriminator lowers, from its scores of real first sources and of fused pictures."""
    return (functional.mse_loss(real, _labels(real, _REAL_LABELS))
            + functional.mse_loss(fused, _labels(fused, _FUSED_LABELS)))


class FusionGANCritics(nn.Module):
    """The discriminator for patches of ``patch`` x ``patch`` pixels, and the paper's losses; see ``Critics``."""

    def __init__(self, patch: int = PATCH) -> None:
        super().__init__()
        self.texture = TextureDiscriminator(patch)

    def make(self, generator: nn.Module, sources: Tensor) -> tuple[Tensor, ...]:
        """The fused pictures."""
        return (generator(sources),)

    def tell_apart(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """What the discriminator lowers."""
        return discriminator_loss(self.texture(sources[:, :1]), self.texture(made[0]))

    def deceive(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The adversarial part of the generator's loss."""
        return adversarial_loss(self.texture(made[0]))

    def content(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The content loss, 100 times as in the paper."""
        return _CONTENT_WEIGHT * content_loss(made[0], sources)
