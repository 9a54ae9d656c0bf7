"""DDcGAN: one densely connected generator against two discriminators, one for each source.

J. Ma, H. Xu, J. Jiang, X. Mei and X.-P. Zhang, DDcGAN: a dual-discriminator conditional generative adversarial network
for multi-resolution image fusion, IEEE Transactions on Image Processing 29, 2020. The first source is the one of high
resolution, whose texture is kept (visible; for us anatomical), the second the one whose intensities are kept (infrared;
for us functional).

Generator: the second source of a quarter of the resolution is brought up by a transposed convolution, the first passes
one of stride 1; encoder of five 3 x 3 convolutions to 48 channels, each of the last four joined to what it was given
(240 channels at last); decoder of 3 x 3 convolutions to 240, 128, 64, 32 and 1 channels; batch normalisation and ReLU
but for the last, which has tanh / 2 + 1 / 2. Both discriminators: 3 x 3 convolutions with stride 2 to 16, 32 and 64
channels, ReLU, batch normalisation after all but the first, and a linear layer with tanh / 2 + 1 / 2. Patches of 84.

Losses: cross-entropy; content = mean((small F - I)^2) + 1.2 TV(F - V), half of it added (eta = 1.2, lambda = 0.5,
equations 5 to 10); small F is the fused picture after two 3 x 3 mean poolings with stride 2 when ``ratio`` is 4.

Choices taken: ``ratio`` 1, the authors' variant for PET and MR on one grid, has no transposed convolutions (their
programs do the same). Batch normalisation uses running means, so that a picture does not depend on its neighbours in
the batch; edges are continued by their own pixels. The authors' program runs the decoder's first layer twice, which the
paper does not say and we do not do. The transposed convolution of stride 4 is twice as wide as its stride, since the
published 3 x 3 leaves pixels between its centres that nothing reaches. The number of parameters is not in the paper.
No weights come with MedFusion: MGMDcGAN, which contains this network, does the same job.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.framing import cut_to, pad_to_multiple

PATCH = 84
"""Height and width in pixels of the patches that the discriminator of the first source judges."""

CONTENT_WEIGHT = 0.5
"""What the content loss weighs beside the adversarial ones (lambda)."""

_TINY = 1e-8


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate"),
                         nn.BatchNorm2d(outputs), nn.ReLU())


class DenseGenerator(nn.Module):
    """Encoder and decoder of DDcGAN: (batch, inputs, height, width) to (batch, 1, height, width) in [0, 1].

    ``growth``, a multiple of 3, is how many maps each layer of the encoder adds; the decoder's widths follow.
    """

    def __init__(self, inputs: int = 2, growth: int = 48) -> None:
        super().__init__()
        widths = (5 * growth, 8 * growth // 3, 4 * growth // 3, 2 * growth // 3)
        self.first = _block(inputs, growth)
        self.dense = nn.ModuleList(_block(growth * (step + 1), growth) for step in range(4))
        decoder: list[nn.Module] = []
        given = 5 * growth
        for width in widths:
            decoder.append(_block(given, width))
            given = width
        self.decoder = nn.Sequential(*decoder, nn.Conv2d(given, 1, 3, padding=1, padding_mode="replicate"))

    def forward(self, pictures: Tensor) -> Tensor:
        """The picture made of ``pictures``."""
        features = self.first(pictures)
        for layer in self.dense:
            features = torch.cat((layer(features), features), 1)
        return 0.5 * (torch.tanh(self.decoder(features)) + 1.0)


class Resolutions(nn.Module):
    """Brings a second source of 1 / ``ratio`` of the resolution up to the first one's grid by learned layers.

    It is given both on the fine grid, as fusion has them, and makes the second one coarse by its means over blocks.
    """

    def __init__(self, ratio: int) -> None:
        super().__init__()
        self.ratio = ratio
        self.fine = nn.Conv2d(1, 1, 3, padding=1, padding_mode="replicate", bias=False)
        self.coarse = nn.ConvTranspose2d(1, 1, 2 * ratio, ratio, ratio // 2, bias=False)

    def forward(self, sources: Tensor) -> Tensor:
        """Sources (batch, 2, height, width), whose sides are multiples of the ratio, after their first layers."""
        coarse = functional.avg_pool2d(sources[:, 1:2], self.ratio)
        return torch.cat((self.fine(sources[:, :1]), self.coarse(coarse)), 1)


class DDcGAN(nn.Module):
    """The generator: (batch, 2, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1]; texture first.

    ``ratio`` is 1, or 4 where the second source has a quarter of the first one's resolution; ``growth`` as there.
    """

    def __init__(self, ratio: int = 1, growth: int = 48) -> None:
        super().__init__()
        self.ratio = ratio
        self.resolutions: nn.Module = Resolutions(ratio) if ratio > 1 else nn.Identity()
        self.generator = DenseGenerator(growth=growth)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        framed = pad_to_multiple(sources, self.ratio)
        return cut_to(self.generator(self.resolutions(framed)), tuple(sources.shape[2:]))


class SourceDiscriminator(nn.Module):
    """The probability that (batch, channels, size, size) are of a real source; the paper's channels and size."""

    def __init__(self, size: int = PATCH, channels: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, 16, 3, 2, 1, padding_mode="replicate"), nn.ReLU()]
        for inputs in (16, 32):
            layers += [nn.Conv2d(inputs, 2 * inputs, 3, 2, 1, padding_mode="replicate"), nn.BatchNorm2d(2 * inputs),
                       nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        side = -(-size // 8)
        self.score = nn.Linear(64 * side * side, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Probabilities (batch, 1)."""
        return 0.5 * (torch.tanh(self.score(self.layers(pictures).flatten(1))) + 1.0)


def at_ratio(pictures: Tensor, ratio: int) -> Tensor:
    """``pictures`` made smaller by ``ratio`` (1, 2, 4, ...), each halving by 3 x 3 means with stride 2."""
    for _ in range(ratio.bit_length() - 1):
        pictures = functional.avg_pool2d(pictures, 3, 2, 1, count_include_pad=False)
    return pictures


def total_variation(pictures: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels, down and across added."""
    return pictures.diff(dim=-1).abs().mean() + pictures.diff(dim=-2).abs().mean()


def content_loss(fused: Tensor, sources: Tensor, ratio: int = 1, texture_weight: float = 1.2) -> Tensor:
    """Squared distance to the second source at its own resolution, and variation of the difference to the first."""
    intensity = functional.mse_loss(at_ratio(fused, ratio), at_ratio(sources[:, 1:2], ratio))
    return intensity + texture_weight * total_variation(fused - sources[:, :1])


def adversarial_loss(probabilities: Tensor) -> Tensor:
    """What a generator lowers to be taken for real: -log of the probabilities it was given."""
    return -torch.log(probabilities + _TINY).mean()


def discriminator_loss(real: Tensor, fused: Tensor) -> Tensor:
    """What a discriminator lowers, from its probabilities for real sources and for fused pictures."""
    return adversarial_loss(real) - torch.log(1.0 - fused + _TINY).mean()


class DDcGANCritics(nn.Module):
    """Both discriminators for patches of ``patch`` pixels and ``ratio``, and the paper's losses; see ``Critics``."""

    def __init__(self, patch: int = PATCH, ratio: int = 1) -> None:
        super().__init__()
        self.ratio = ratio
        self.fine = SourceDiscriminator(patch)
        self.coarse = SourceDiscriminator(-(-patch // ratio))

    def make(self, generator: nn.Module, sources: Tensor) -> tuple[Tensor, ...]:
        """The fused pictures."""
        return (generator(sources),)

    def tell_apart(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """What both discriminators lower."""
        small, real = at_ratio(made[0], self.ratio), at_ratio(sources[:, 1:2], self.ratio)
        return (discriminator_loss(self.fine(sources[:, :1]), self.fine(made[0]))
                + discriminator_loss(self.coarse(real), self.coarse(small)))

    def deceive(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The adversarial part of the generator's loss."""
        return (adversarial_loss(self.fine(made[0]))
                + adversarial_loss(self.coarse(at_ratio(made[0], self.ratio))))

    def content(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The content loss, half of it as in the paper."""
        return CONTENT_WEIGHT * content_loss(made[0], sources, self.ratio)
