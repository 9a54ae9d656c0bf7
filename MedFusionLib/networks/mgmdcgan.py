"""MGMDcGAN: one conditional GAN that fuses, and a second one that gives dense structure its brightness back.

J. Huang, Z. Le, Y. Ma, F. Fan, H. Zhang and L. Yang, MGMDcGAN: medical image fusion using multi-generator
multi-discriminator conditional generative adversarial network, IEEE Access 8, 2020. The first source is structural and
of high resolution (MR, CT), the second functional and of low resolution (PET, SPECT).

First cGAN: the generator and the two discriminators of DDcGAN (the authors' program is the same there, with ratio 4):
one discriminator tells fused pictures from structural sources, one tells small fused pictures from functional ones.
Second cGAN: a generator of the same build takes the first fused picture and the structural source under a mask, and
a third discriminator tells its output under the mask from the source under the mask. The mask marks dense structure
(bright, such as bone), so that outside it the first fused picture, and with it the function, stays as it was.

Losses: cross-entropy for all. First content loss as DDcGAN (mean square at the low resolution + 1.2 total variation,
half of it added). Second: mean square to the structural source in the mask, and to the first fused picture elsewhere.

Choices taken: the program that was published holds the first cGAN only. The paper does not give the mask's threshold;
we mark what is brighter in the structural source than in the functional one and than ``dense`` (0.5) by a smooth step,
so that gradients pass. The number of parameters is not in the paper; the catalog's network has half its maps, a
quarter of its 2.2 million numbers, and takes both sources on one grid (``ratio`` 1): at 4 whatever source comes second
is blurred, which is right for PET alone. The discriminator of function still judges at a quarter of the resolution.
Its training adds intensities of the brightest source and slopes of the steepest one, and trains both cGANs at once.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from MedFusionLib.networks.ddcgan import (
    CONTENT_WEIGHT,
    PATCH,
    DDcGAN,
    DDcGANCritics,
    DenseGenerator,
    SourceDiscriminator,
    adversarial_loss,
    discriminator_loss,
)

RATIO = 4
"""How much coarser the functional source is, on each axis."""

_STEEPNESS = 20.0


def dense_structure(sources: Tensor, dense: float = 0.5) -> Tensor:
    """Mask (batch, 1, height, width) in [0, 1] of what is bright in the first source and brighter than in the second.

    ``dense`` is the intensity, in [0, 1], at which a structure begins to count as dense.
    """
    structural, functional = sources[:, :1], sources[:, 1:2]
    return torch.sigmoid(_STEEPNESS * (structural - torch.clamp(functional, min=dense)))


class MGMDcGAN(nn.Module):
    """Both generators: (batch, 2, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1]; structure first.

    ``ratio`` is how much coarser the functional source is; ``dense`` is where dense structure begins, in [0, 1];
    ``growth`` as in ``DenseGenerator``.
    """

    def __init__(self, ratio: int = RATIO, dense: float = 0.5, growth: int = 48) -> None:
        super().__init__()
        self.dense = dense
        self.first = DDcGAN(ratio, growth)
        self.second = DenseGenerator(growth=growth)

    def both(self, sources: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The first fused pictures, the final ones and the mask, for training."""
        first = self.first(sources)
        mask = dense_structure(sources, self.dense)
        final = self.second(torch.cat((first, mask * sources[:, :1]), 1))
        return first, final, mask

    def forward(self, sources: Tensor) -> Tensor:
        """The final fused pictures."""
        return self.both(sources)[1]


def second_content_loss(final: Tensor, first: Tensor, sources: Tensor, mask: Tensor) -> Tensor:
    """Squared distance of the final pictures to the structural source in the mask, elsewhere to the first pictures."""
    inside = (mask * (final - sources[:, :1])).square().mean()
    outside = ((1.0 - mask) * (final - first)).square().mean()
    return inside + outside


class MGMDcGANCritics(nn.Module):
    """The three discriminators for patches of ``patch`` pixels, and both cGANs' losses; see ``Critics``.

    Both generators are trained together; what the second makes sends no gradient into the first.
    """

    def __init__(self, patch: int = PATCH) -> None:
        super().__init__()
        self.first = DDcGANCritics(patch, RATIO)
        self.dense = SourceDiscriminator(patch)

    def make(self, generator: nn.Module, sources: Tensor) -> tuple[Tensor, ...]:
        """The final pictures, the first ones and the mask."""
        first, final, mask = cast(MGMDcGAN, generator).both(sources)
        return final, first, mask

    def tell_apart(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """What all three discriminators lower."""
        final, first, mask = made
        return (self.first.tell_apart((first,), sources)
                + discriminator_loss(self.dense(mask * sources[:, :1]), self.dense(mask * final)))

    def deceive(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The adversarial part of both generators' losses."""
        final, first, mask = made
        return self.first.deceive((first,), sources) + adversarial_loss(self.dense(mask * final))

    def content(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """Both content losses, half of each as in DDcGAN."""
        final, first, mask = made
        second = second_content_loss(final, first.detach(), sources, mask)
        return self.first.content((first,), sources) + CONTENT_WEIGHT * second
