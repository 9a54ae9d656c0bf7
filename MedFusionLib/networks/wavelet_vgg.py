"""Bands of a wavelet transform weighed by the features of a VGG-19 that was trained on ImageNet.

S. Kalamkar and A. G. Mary, Multimodal medical image fusion using transfer learning approach, International Journal of
Advanced Computer Science and Applications 13(12), 2022: a discrete wavelet transform parts the sources, a VGG-19 that
was trained elsewhere sees their bands, and the inverse transform gives the fused picture. That is what we know of it
(the paper itself was not at hand); its rules are ours, those of H. Li, X.-J. Wu and J. Kittler, 2018
(``networks.vgg_features``): the l1 norm of the maps after relu1_1, relu2_1, relu3_1 and relu4_1 weighs the sources.
3,505,728 numbers, none of them learned here.

Losses: none. The weights are those of the user, with torchvision's names, the same as for ``vgg_features``.

Choices taken: one level of the Haar transform, pictures of odd size continued by their edge pixels; the low band is the
mean of the four weighted means, in a detail band the one of greatest magnitude wins; what is in no source near a pixel
cannot come of it, so that black stays black within a block of 2 x 2 pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.framing import cut_to, pad_to_multiple
from MedFusionLib.networks.vgg_features import VGGFeatures


class WaveletVGG(VGGFeatures):
    """(batch, source, height, width) in [0, 1], two sources or more in any order, to (batch, 1, height, width)."""

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        low, *details = haar(pad_to_multiple(sources, 2))
        fused = [self._means(low).mean(1), *(_strongest(self._means(detail)) for detail in details)]
        return cut_to(clip_to_unit(inverse_haar(fused)), tuple(sources.shape[2:]))

    def _means(self, band: Tensor) -> Tensor:
        """The sources' ``band`` weighed by each layer: (batch, layer, 1, height, width)."""
        return torch.stack([(weights * band).sum(1, keepdim=True) for weights in self.weights(band)], 1)


def _strongest(candidates: Tensor) -> Tensor:
    """Of (batch, candidate, ...) at each place the one of greatest magnitude."""
    return candidates.gather(1, candidates.abs().argmax(1, keepdim=True)).squeeze(1)


def haar(pictures: Tensor) -> list[Tensor]:
    """One level of the Haar transform of (..., height, width), sides even: the low band and three of details.

    Bands have the range of the pictures, since they are means and not orthonormal: low is the mean of 2 x 2 pixels.
    """
    rows = [pictures[..., 0::2, :], pictures[..., 1::2, :]]
    down = [0.5 * (rows[0] + rows[1]), 0.5 * (rows[0] - rows[1])]
    return [0.5 * (band[..., 0::2] + sign * band[..., 1::2]) for band in down for sign in (1.0, -1.0)]


def inverse_haar(bands: list[Tensor]) -> Tensor:
    """The pictures whose Haar transform this is."""
    down = [torch.stack((first + second, first - second), -1).flatten(-2)
            for first, second in (bands[:2], bands[2:])]
    return torch.stack((down[0] + down[1], down[0] - down[1]), -2).flatten(-3, -2)
