"""Grey values: those of the sources, or the brightest of them."""

from __future__ import annotations

from torch import Tensor

from MedFusionLib.training.losses.compared import Compared


def intensity(it: Compared) -> Tensor:
    """The mean squared difference of fused to each source, as ``metrics.mse``.

    The intensity term of U2Fusion, Xu et al. 2020, with equal weights.
    """
    return (it.fused - it.sources.pictures).square().mean()


def intensity_maximum(it: Compared) -> Tensor:
    """The mean absolute difference of fused to the brightest source; its gradient jumps at 0, and is 0 there.

    The intensity loss of SwinFusion, Ma et al. 2022.
    """
    return (it.fused - it.maximum.fused).abs().mean()
