"""Fusion in the non-subsampled contourlet domain."""

from __future__ import annotations

from functools import partial
from typing import Any

from MedFusionLib.fusion.base import ArrayMethod
from MedFusionLib.fusion.bounds import keep_within
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.contourlet_transform import contourlet
from MedFusionLib.fusion.selection import fuse_high, fuse_low, high_parameter, low_parameter


class Contourlet(ArrayMethod):
    """Each directional band by the high rule, the low band by the low rule."""

    def __init__(self, card: Card, levels: int, directions: int, directions_3d: int, low: str,
                 high: str) -> None:
        super().__init__(card)
        self._levels = levels
        self._directions = {2: directions, 3: directions_3d}
        self._low = partial(fuse_low, rule=low)
        self._high = partial(fuse_high, rule=high)

    def _fuse(self, sources: Any) -> Any:
        directions = self._directions[len(sources.shape) - 2]
        fused = contourlet(sources, self._levels, directions, self._high, self._low)
        return keep_within(fused, sources)


ENTRIES = (
    Entry(Card(
        "contourlet", "Non-subsampled contourlet", "multiscale",
        "A. L. da Cunha, J. Zhou and M. N. Do, The nonsubsampled contourlet transform: theory, design, and "
        "applications, IEEE Transactions on Image Processing 15(10), 2006; in 3-D with the directions of "
        "Y. M. Lu and M. N. Do, Multidimensional directional filter banks and surfacelets, IEEE "
        "Transactions on Image Processing 16(4), 2007",
        "Picks details in many directions at full resolution; shift-invariant",
        parameters=(Parameter("levels", 3, "How many octaves of detail are told apart", 1, 6),
                    Parameter("directions", 4, "Slopes an axis in 2-D: twice as many directions", 1, 16),
                    Parameter("directions_3d", 2, "Slopes an axis in 3-D: 3 times their square directions", 1, 4),
                    low_parameter("maximum"), high_parameter("max-abs")),
        workspace=14.0,
    ), f"{__name__}:Contourlet"),
)
