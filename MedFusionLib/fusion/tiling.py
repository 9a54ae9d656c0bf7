"""Fusing a large volume in blocks that overlap by the method's receptive field."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import ceil, prod

import numpy as np
import numpy.typing as npt

from MedFusionLib.progress import Progress

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Pyramids and wavelets that halve the grid are the same in a block only if it starts at a multiple of this.
_ALIGNMENT = 64


def _aligned(length: int) -> int:
    return ceil(length / _ALIGNMENT) * _ALIGNMENT


def tiled_voxels(shape: tuple[int, ...], tile: int, field: int) -> int:
    """The greatest number of source voxels in one block, for sources ``(source, *spatial)``."""
    edge = _aligned(tile) + 2 * _aligned(field)
    return shape[0] * prod(min(length, edge) for length in shape[1:])


def fuse_tiles(fuse: Callable[[Array, Mask | None], Array], sources: Array, masks: Mask | None,
               tile: int, field: int, progress: Progress) -> Array:
    """Fuse ``(source, *spatial)`` block by block to ``(plane, *spatial)``.

    The same result as at once when ``field`` is true.

    MONAI's sliding window is not used: it blends what overlapping blocks say, where blocks that overlap by the
    receptive field and start at multiples of 64 give the very voxels of the whole volume, and it needs torch.

    ``tile`` is the edge of a block and ``field`` the overlap, both rounded up so that blocks are aligned.
    """
    spatial = sources.shape[1:]
    edge, overlap = _aligned(tile), _aligned(field)
    fused: Array | None = None
    starts = list(product(*(range(0, length, edge) for length in spatial)))
    for number, start in enumerate(starts):
        progress("fuse", number / len(starts), f"block {number + 1} of {len(starts)}")
        read = [slice(max(0, s - overlap), min(n, s + edge + overlap))
                for s, n in zip(start, spatial, strict=True)]
        keep = (slice(None), *(slice(s - r.start, s - r.start + edge) for s, r in zip(start, read, strict=True)))
        block = (slice(None), *read)
        write = (slice(None), *(slice(s, s + edge) for s in start))
        made = fuse(np.ascontiguousarray(sources[block]), None if masks is None else masks[block])[keep]
        fused = np.empty((len(made), *spatial), np.float32) if fused is None else fused
        fused[write] = made
    assert fused is not None
    return fused
