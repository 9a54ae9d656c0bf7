"""Sources with different fields of view: what stands in for a source where it sees nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from MedFusionLib.errors import BadInput

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


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

    A source that ends then makes no edge of its own where the others go on.
    """
    count = validity.sum(axis=0, dtype=np.float32)
    mean = np.where(validity, sources, np.float32(0)).sum(axis=0) / np.maximum(count, np.float32(1))
    return np.where(validity, sources, mean)


def restore_single(fused: Array, sources: Array, validity: Mask) -> Array:
    """``fused`` with the exact value of the source where one alone is valid, and 0 where none is."""
    count = validity.sum(axis=0, dtype=np.uint8)
    alone = np.where(validity, sources, np.float32(0)).sum(axis=0)
    return np.where(count > 1, fused, alone)
