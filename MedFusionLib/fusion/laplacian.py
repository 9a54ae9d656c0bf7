"""The Laplacian pyramid (Burt and Adelson 1983), in any number of dimensions."""

from __future__ import annotations

from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.fusion.base import ArrayMethod
from MedFusionLib.fusion.bounds import keep_within
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.filters import cut, pad_edge
from MedFusionLib.fusion.selection import fuse_high, fuse_low, high_parameter, low_parameter


def halved_axes(array: Any) -> list[int]:
    """The spatial axes long enough to be halved."""
    return [axis for axis in range(2, len(array.shape)) if array.shape[axis] > 2]


def shrink(array: Any) -> Any:
    """Blur by (1 4 6 4 1)/16 and keep every second voxel, along each axis long enough."""
    for axis in halved_axes(array):
        size = (array.shape[axis] + 1) // 2
        padded = pad_edge(array, axis, 2, 3)
        tap = [cut(padded, axis, i, i + 2 * size - 1, 2) for i in range(5)]
        array = (tap[0] + tap[4]) * (1 / 16) + (tap[1] + tap[3]) * (1 / 4) + tap[2] * (3 / 8)
    return array


def enlarge(array: Any, like: Any) -> Any:
    """Interpolate ``array``, which came from shrinking the grid of ``like``, back to that grid."""
    xp = array_namespace(array)
    for axis in halved_axes(like):
        size = like.shape[axis]
        padded = pad_edge(array, axis, 1, 1)
        left, right = cut(padded, axis, None, -2), cut(padded, axis, 2, None)
        even = (left + right) * (1 / 8) + array * (3 / 4)
        odd = (array + right) * (1 / 2)
        pairs = xp.stack([even, odd], axis=axis + 1)
        shape = (*array.shape[:axis], 2 * array.shape[axis], *array.shape[axis + 1:])
        array = cut(xp.reshape(pairs, shape), axis, None, size)
    return array


def decompose(array: Any, levels: int) -> tuple[list[Any], Any]:
    """The detail bands, finest first, and the low band; fewer than ``levels`` when the grid is used up."""
    details: list[Any] = []
    while len(details) < levels and halved_axes(array):
        low = shrink(array)
        details.append(array - enlarge(low, array))
        array = low
    return details, array


def reconstruct(details: list[Any], low: Any) -> Any:
    """The array that :func:`decompose` took apart."""
    for detail in reversed(details):
        low = detail + enlarge(low, detail)
    return low


class LaplacianPyramid(ArrayMethod):
    """Fuses the bands of the sources' Laplacian pyramids."""

    def __init__(self, card: Card, levels: int, low: str, high: str) -> None:
        super().__init__(card)
        self.levels, self.low, self.high = levels, low, high
        self.receptive_field = 4 * 2 ** levels

    def _fuse(self, sources: Any) -> Any:
        fused: list[Any] = []
        low = sources
        while len(fused) < self.levels and halved_axes(low):
            smaller = shrink(low)
            fused.append(fuse_high(low - enlarge(smaller, low), self.high))
            low = smaller
        # Details chosen from different sources do not cancel to black beside bright edges.
        return keep_within(reconstruct(fused, fuse_low(low, self.low)), sources)


ENTRIES = (
    Entry(Card("laplacian", "Laplacian pyramid", "multiscale",
               "P. J. Burt, E. H. Adelson, The Laplacian pyramid as a compact image code, "
               "IEEE Trans. Communications 31(4), 1983",
               "Details of every size from the source that shows them best",
               parameters=(
                   Parameter("levels", 4, "Number of detail bands, each half as fine", minimum=1, maximum=10),
                   low_parameter("maximum"), high_parameter("max-abs")),
               workspace=5.0, receptive_field=64), f"{__name__}:LaplacianPyramid"),
)
