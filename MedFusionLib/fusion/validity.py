"""Sources with different fields of view: what stands in for a source where it sees nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion.filters import box_mean

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
_REACH = 4


def check_validity(sources: Array, validity: Mask) -> None:
    """Raise ``BadInput`` unless ``validity`` is boolean, shaped as ``sources``, and no source is blind."""
    if validity.shape != sources.shape or validity.dtype != np.bool_:
        raise BadInput(f"validity is {validity.dtype} of shape {validity.shape}",
                       f"It must be boolean of the sources' shape {sources.shape}")
    for number, mask in enumerate(validity, start=1):
        if not mask.any():
            raise BadInput(f"source {number} has no valid voxel on the fixed grid",
                           "Check the registration, or leave the source out")


def fill_invalid(sources: Array, validity: Mask) -> Array:
    """``sources`` with each one's invalid voxels set to the mean of the sources valid there, or 0.

    Where one source alone is valid (and the result will be that source's), the others go on smoothly for
    some voxels first: a step at the border of a field of view would show as a frame inside it.
    """
    count = validity.sum(axis=0, dtype=np.float32)
    mean = np.where(validity, sources, np.float32(0)).sum(axis=0) / np.maximum(count, np.float32(1))
    filled = np.where(validity, sources, mean)
    inside = validity.astype(np.float32)[None]
    share = box_mean(inside, _REACH)
    step = box_mean((filled - mean)[None], _REACH) / np.maximum(share, np.float32(1e-3))
    faded = np.clip(mean + (step * np.minimum(2 * share, np.float32(1)))[0], 0, 1)
    return np.where((count == 1) & ~validity, faded, filled)


def restore_single(fused: Array, sources: Array, validity: Mask) -> Array:
    """``fused`` with the exact value of the source where one alone is valid, and 0 where none is."""
    count = validity.sum(axis=0, dtype=np.uint8)
    alone = np.where(validity, sources, np.float32(0)).sum(axis=0)
    return np.where(count > 1, fused, alone)
