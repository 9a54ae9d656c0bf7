"""Fusion in the contourlet domain with a network as the rule of the high bands.

Z. Wang, X. Li, H. Duan, Y. Su, X. Zhang and X. Guan, Medical image fusion based on convolutional neural networks and
non-subsampled contourlet transform, Expert Systems with Applications 171, 2021, article 114574. The low band is taken
by a decision made of two maps; which maps is not in what we could read: ours choose the source with the greater local
energy and the one with the greater local gradient, and where they differ both sources have half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from MedFusionLib.fusion.activity import local_energy, local_gradient
from MedFusionLib.fusion.bounds import keep_within
from MedFusionLib.fusion.contourlet_transform import contourlet
from MedFusionLib.fusion.learned import Learned
from MedFusionLib.fusion.selection import select_strongest

if TYPE_CHECKING:
    from torch import nn

_LEVELS = 3
_DIRECTIONS = 4
_RADIUS = 1


class LearnedContourlet(Learned):
    """High bands by the network, the low band by energy and gradient, pictures by the way back."""

    def _answer(self, module: nn.Module, sources: Any, **roles: Any) -> Any:
        return fuse_bands(module, sources)


def fuse_bands(module: nn.Module, sources: Any) -> Any:
    """``sources`` (batch, source, *spatial) fused in the contourlet domain, the high bands by ``module``."""
    return keep_within(contourlet(sources, _LEVELS, _DIRECTIONS, module, fuse_low_band), sources)


def fuse_low_band(bands: Any) -> Any:
    """The mean of two decisions on low ``bands`` (batch, source, *spatial): by local energy and by local gradient."""
    by_energy = select_strongest(bands, local_energy(bands, _RADIUS))
    by_gradient = select_strongest(bands, local_gradient(bands, _RADIUS))
    return 0.5 * (by_energy + by_gradient)
