"""Edges by their gradient: those of the sources, or the strongest of them."""

from __future__ import annotations

from torch import Tensor

from MedFusionLib.training.losses.compared import Compared
from MedFusionLib.training.losses.edges import gradient_of_fused, gradient_of_sources


def gradient(it: Compared) -> Tensor:
    """The mean squared difference of the Sobel slopes of fused to those of each source, over axes and sources.

    In the manner of the content loss of FusionGAN, Ma et al. 2019, which asks it of one source.
    """
    fused, sources = gradient_of_fused(it)[0], gradient_of_sources(it)[0]
    return (fused - sources).square().mean()


def gradient_maximum(it: Compared) -> Tensor:
    """The mean absolute difference of the length of fused's Sobel gradient to the longest of the sources'.

    The texture loss of SwinFusion, Ma et al. 2022, and the gradient loss of CDDFuse, Zhao et al. 2023. The length of a
    gradient of 0 is 1e-5, so that it has a derivative.
    """
    longest = gradient_of_sources(it)[1].amax(1, keepdim=True)
    return (gradient_of_fused(it)[1] - longest).abs().mean()
