"""A convolutional conditional random field: makes a map of decisions follow the edges of the pictures.

M. Teichmann and R. Cipolla, Convolutional CRFs for semantic segmentation, BMVC 2019: mean-field steps whose messages
come from a window only, so that each is a convolution with weights of its own at every pixel. Two labels, as FuseGAN
uses it: the probability of the first is kept.

Choices taken: the weights of a window add up to one, and ``strength`` says how much the neighbours count beside the
pixel's own logit. Nothing is learned.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def _windows(pictures: Tensor, size: int) -> Tensor:
    """(batch, channel, size * size, height * width): each pixel's window, edges continued by their own pixels."""
    framed = functional.pad(pictures, (size // 2,) * 4, mode="replicate")
    return functional.unfold(framed, size).reshape(*pictures.shape[:2], size * size, -1)


def _affinities(guide: Tensor, size: int, near: float, alike: float) -> Tensor:
    """(batch, size * size, height * width): how much a pixel listens to each pixel of its window, 1 in all."""
    offsets = torch.arange(size, device=guide.device, dtype=guide.dtype) - size // 2
    distance = (offsets[:, None].square() + offsets[None].square()).flatten() / (2.0 * near * near)
    contrast = (_windows(guide, size) - guide.flatten(2)[:, :, None]).square().sum(1) / (2.0 * alike * alike)
    weights = torch.exp(-distance[:, None] - contrast)
    itself = torch.ones_like(weights)
    itself[:, size * size // 2] = 0.0
    weights = weights * itself
    return weights / weights.sum(1, keepdim=True)


def refine(probability: Tensor, guide: Tensor, steps: int = 5, size: int = 7, near: float = 3.0, alike: float = 0.1,
           strength: float = 3.0) -> Tensor:
    """``probability`` (batch, 1, height, width) of the first label after ``steps`` mean-field steps.

    ``guide`` (batch, channel, height, width) are the pictures whose edges count, in [0, 1]; ``size`` is the window's
    width in pixels (odd), ``near`` and ``alike`` how far away in pixels and in intensity a neighbour still counts.
    """
    own = torch.logit(probability, eps=1e-4)
    affinities = _affinities(guide, size, near, alike)
    for _ in range(steps):
        votes = _windows(2.0 * probability - 1.0, size)[:, 0]
        message = (affinities * votes).sum(1).reshape(probability.shape)
        probability = torch.sigmoid(own + strength * message)
    return probability
