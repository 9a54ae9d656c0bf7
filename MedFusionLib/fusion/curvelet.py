"""Fusion in the curvelet domain."""

from __future__ import annotations

from functools import partial
from typing import Any

from MedFusionLib.fusion.base import ArrayMethod
from MedFusionLib.fusion.bounds import keep_within
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.curvelet_transform import curvelet
from MedFusionLib.fusion.selection import fuse_high, fuse_low, high_parameter, low_parameter


class Curvelet(ArrayMethod):
    """Each complex wedge by the high rule, the low band by the low rule."""

    def __init__(self, card: Card, levels: int, directions: int, low: str, high: str) -> None:
        super().__init__(card)
        self._levels = levels
        self._directions = directions
        self._low = partial(fuse_low, rule=low)
        self._high = partial(fuse_high, rule=high)

    def _fuse(self, sources: Any) -> Any:
        fused = curvelet(sources, self._levels, self._directions, self._high, self._low)
        return keep_within(fused, sources)


ENTRIES = (
    Entry(Card(
        "curvelet", "Curvelet", "multiscale",
        "E. Candès, L. Demanet, D. Donoho and L. Ying, Fast discrete curvelet transforms, Multiscale "
        "Modeling and Simulation 5(3), 2006; L. Ying, L. Demanet and E. Candès, 3D discrete curvelet "
        "transform, Proceedings of SPIE 5914, 2005",
        "Picks details by the magnitude of long, thin, oriented pieces of edges",
        parameters=(Parameter("levels", 3, "How many octaves of detail are told apart", 1, 6),
                    Parameter("directions", 4, "Slopes an axis at the coarsest scale", 4, 8),
                    low_parameter("maximum"), high_parameter("max-abs")),
        workspace=7.0,
    ), f"{__name__}:Curvelet"),
)
