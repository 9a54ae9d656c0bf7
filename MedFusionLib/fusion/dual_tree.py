"""Fusion in the dual-tree complex wavelet domain."""

from __future__ import annotations

from functools import partial
from typing import Any

from MedFusionLib.fusion.base import ArrayMethod
from MedFusionLib.fusion.bounds import keep_within
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.dual_tree_transform import dual_tree
from MedFusionLib.fusion.selection import fuse_high, fuse_low, high_parameter, low_parameter


class DualTree(ArrayMethod):
    """Each complex directional band by the high rule, the low band by the low rule."""

    def __init__(self, card: Card, levels: int, low: str, high: str) -> None:
        super().__init__(card)
        self._levels = levels
        self._low = partial(fuse_low, rule=low)
        self._high = partial(fuse_high, rule=high)

    def _fuse(self, sources: Any) -> Any:
        fused = dual_tree(sources, self._levels, self._high, self._low)
        return keep_within(fused, sources)


ENTRIES = (
    Entry(Card(
        "dual_tree", "Dual-tree complex wavelet", "multiscale",
        "N. Kingsbury, Complex wavelets for shift invariant analysis and filtering of signals, Applied and "
        "Computational Harmonic Analysis 10(3), 2001; I. Selesnick, R. Baraniuk and N. Kingsbury, The "
        "dual-tree complex wavelet transform, IEEE Signal Processing Magazine 22(6), 2005",
        "Picks details by complex magnitude in 6 (2-D) or 28 (3-D) directions; nearly shift-invariant",
        parameters=(Parameter("levels", 4, "How many octaves of detail are told apart", 1, 8),
                    low_parameter("maximum"), high_parameter("max-abs")),
        workspace=9.0,
    ), f"{__name__}:DualTree"),
)
