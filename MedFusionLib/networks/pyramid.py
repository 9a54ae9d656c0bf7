"""Gaussian and Laplacian pyramids of tensors, differentiable.

P. J. Burt and E. H. Adelson, The Laplacian pyramid as a compact image code, IEEE Transactions on Communications
31(4), 1983: the kernel (1 4 6 4 1) / 16 along each axis. Pictures are (batch, channel, height, width).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

_TAPS = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def gaussian_pyramid(pictures: Tensor, levels: int) -> list[Tensor]:
    """``pictures`` and ``levels`` halved versions of them, finest first."""
    pyramid = [pictures]
    for _ in range(levels):
        pyramid.append(_blur(pyramid[-1])[..., ::2, ::2])
    return pyramid


def laplacian_pyramid(pictures: Tensor, levels: int) -> list[Tensor]:
    """The ``levels`` detail bands, finest first, and the low band last."""
    gaussian = gaussian_pyramid(pictures, levels)
    details = [fine - _enlarge(coarse, fine) for fine, coarse in pairwise(gaussian)]
    return [*details, gaussian[-1]]


def collapse(pyramid: list[Tensor]) -> Tensor:
    """The pictures whose Laplacian pyramid this is."""
    pictures = pyramid[-1]
    for detail in reversed(pyramid[:-1]):
        pictures = detail + _enlarge(pictures, detail)
    return pictures


def _blur(pictures: Tensor) -> Tensor:
    taps = pictures.new_tensor(_TAPS)
    channels = pictures.shape[1]
    kernel = torch.outer(taps, taps).expand(channels, 1, 5, 5)
    return functional.conv2d(functional.pad(pictures, (2,) * 4, mode="replicate"), kernel, groups=channels)


def _enlarge(coarse: Tensor, like: Tensor) -> Tensor:
    """``coarse`` interpolated by the kernel to the grid of ``like``."""
    # Repeated edges must be spread too, or the last voxels of an even grid would miss a neighbour.
    framed = functional.pad(coarse, (1,) * 4, mode="replicate")
    taps = 2.0 * coarse.new_tensor(_TAPS)
    channels = coarse.shape[1]
    kernel = torch.outer(taps, taps).expand(channels, 1, 5, 5)
    spread = functional.conv_transpose2d(framed, kernel, stride=2, groups=channels)
    return spread[..., 4:4 + like.shape[-2], 4:4 + like.shape[-1]]
