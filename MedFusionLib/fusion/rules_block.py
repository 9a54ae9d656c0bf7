"""Fusion by blocks: each block from the source with more detail, after a vote among neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.fusion.base import ArrayMethod
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.filters import box_mean, cut, pad_edge, spatial_axes


def block_mean(array: Any, edge: int) -> Any:
    """The mean of each block of ``edge`` voxels, the last ones filled up with the edge value."""
    xp = array_namespace(array)
    for axis in spatial_axes(array):
        padded = pad_edge(array, axis, 0, -array.shape[axis] % edge)
        shape = (*padded.shape[:axis], padded.shape[axis] // edge, edge, *padded.shape[axis + 1:])
        array = xp.mean(xp.reshape(padded, shape), axis=axis + 1)
    return array


def unblock(array: Any, edge: int, like: Any) -> Any:
    """Each value of ``array`` repeated over its block, on the grid of ``like``."""
    xp = array_namespace(array)
    for axis in spatial_axes(like):
        array = cut(xp.repeat(array, edge, axis=axis), axis, None, like.shape[axis])
    return array


def variance(sources: Any, edge: int) -> Any:
    """The variance of each block."""
    xp = array_namespace(sources)
    centred = sources - unblock(block_mean(sources, edge), edge, sources)
    return block_mean(xp.square(centred), edge)


def spatial_frequency(sources: Any, edge: int) -> Any:
    """The mean squared first difference of each block, summed over the axes (Li, Kwok and Wang 2001)."""
    xp = array_namespace(sources)
    total = xp.zeros_like(sources)
    for axis in spatial_axes(sources):
        step = cut(sources, axis, 1, None) - cut(sources, axis, None, -1)
        total = total + xp.square(xp.concat([xp.zeros_like(cut(sources, axis, 0, 1)), step], axis=axis))
    return block_mean(total, edge)


MEASURES: dict[str, Callable[[Any, int], Any]] = {
    "spatial-frequency": spatial_frequency, "variance": variance}


class BlockSelection(ArrayMethod):
    """Selects blocks; neighbouring blocks vote, and the seams between blocks are feathered."""

    def __init__(self, card: Card, block: int, measure: str, feather: int) -> None:
        super().__init__(card)
        self.block = block
        self.measure = MEASURES[measure]
        self.feather = feather

    def _fuse(self, sources: Any) -> Any:
        xp = array_namespace(sources)
        detail = self.measure(sources, self.block)
        votes = box_mean(self._winners(detail), 1)
        # Votes carry rounding errors; without this, a tie would fall to the luck of the last digit.
        share = self._winners(xp.round(votes * 1e4))
        weights = unblock(share, self.block, sources)
        if self.feather:
            weights = box_mean(weights, self.feather)
        return xp.sum(weights * sources, axis=1, keepdims=True) / xp.sum(weights, axis=1, keepdims=True)

    @staticmethod
    def _winners(score: Any) -> Any:
        """1 for the source with the greatest score, shared equally among tied ones."""
        xp = array_namespace(score)
        best = xp.astype(score == xp.max(score, axis=1, keepdims=True), score.dtype)
        return best / xp.sum(best, axis=1, keepdims=True)


ENTRIES = (
    Entry(Card("block", "Block selection", "rule",
               "S. Li, J. T. Kwok, Y. Wang, Combination of images with diverse focuses using the spatial "
               "frequency, Information Fusion 2(3), 2001",
               "Each block from the source with more detail; neighbouring blocks vote for consistency",
               parameters=(
                   Parameter("block", 8, "Edge of a block, in voxels", minimum=2, maximum=64),
                   Parameter("measure", "spatial-frequency", "What counts as detail",
                             choices=tuple(MEASURES)),
                   Parameter("feather", 4, "How far a seam is blended to each side, in voxels; 0 for hard seams",
                             minimum=0, maximum=32)),
               workspace=5.0), f"{__name__}:BlockSelection"),
)
