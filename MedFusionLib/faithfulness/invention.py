"""Invention: structure in the fused image that is in neither source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from MedFusionLib.errors import BadInput
from MedFusionLib.volume import Array

Floats = npt.NDArray[np.float32]

#: Scales of local contrast (voxels), tolerance in units of the range [0, 1], reach of a counterpart (voxels).
SCALES = (1.0, 3.0)
TOLERANCE = 0.04
REACH = 2
#: What is looked at: where the fused image or a source is above this.
SHOWN = 0.02
#: An edge has a counterpart where a source has one of at least this part of its steepness.
_COUNTERPART = 0.5


@dataclass(frozen=True, eq=False)
class Invention:
    """``map`` (*spatial) is by how much each voxel exceeds its sources, 0 where it does not.

    ``fraction`` is the part of the voxels looked at where the map is not 0; ``contrast`` and ``edges`` the parts by
    local contrast outside the sources' hull, and by edges with no counterpart.
    """

    map: Floats
    fraction: float
    contrast: float
    edges: float


def invention(fused: Array, sources: Array, mask: Array | None = None) -> Invention:
    """Where ``fused`` (*spatial) shows what none of ``sources`` (source, *spatial) shows; all in [0, 1], 2-D or 3-D.

    Local contrast is an image less its Gaussian mean, at 1 and at 3 voxels. The hull of the sources at a voxel goes
    from the least to the greatest local contrast of any source within 2 voxels, and holds 0. What lies outside by more
    than 0.04 is invented contrast. The edge strength is the Gaussian gradient magnitude (1 voxel) per voxel; an edge
    steeper than 0.04 with no source half as steep within 2 voxels is an invented edge. Levels are not looked at: a
    brighter or darker region is no invention, its new border is. Fractions are over ``mask`` (*spatial), by default
    where the fused image or any source is above 0.02; 0 to 1, lower is better. Fooled by blurring, which invents
    nothing; a strong stretch counts as contrast that no source has. Raises ``BadInput`` for shapes that do not fit.
    """
    if sources.shape[1:] != fused.shape or fused.ndim not in (2, 3) or (mask is not None and mask.shape != fused.shape):
        raise BadInput(
            f"fused of shape {fused.shape} and sources of shape {sources.shape} do not fit",
            "Give fused as (*spatial) and sources as (source, *spatial), and a mask as fused",
        )
    fused = np.asarray(fused, np.float32)
    sources = np.asarray(sources, np.float32)
    contrast = np.max([_outside_hull(fused, sources, sigma) for sigma in SCALES], axis=0)
    edges = _unmatched_edges(fused, sources)
    looked = (np.maximum(fused, sources.max(axis=0)) > SHOWN) if mask is None else mask.astype(bool)
    total = max(int(looked.sum()), 1)
    found = np.where(looked, np.maximum(contrast, edges), np.float32(0.0))
    parts = [float((looked & (part > 0)).sum()) / total for part in (found, contrast, edges)]
    return Invention(found, *parts)


def _outside_hull(fused: Floats, sources: Floats, sigma: float) -> Floats:
    """By how much the local contrast of ``fused`` leaves the sources' hull beyond the tolerance."""
    contrasts = [_local_contrast(source, sigma) for source in sources]
    made = _local_contrast(fused, sigma)
    above = made - _extreme(contrasts, np.maximum)
    below = _extreme(contrasts, np.minimum) - made
    return np.asarray(np.maximum(np.maximum(above, below) - np.float32(TOLERANCE), 0.0))


def _local_contrast(image: Floats, sigma: float) -> Floats:
    from scipy.ndimage import gaussian_filter

    return np.asarray(image - gaussian_filter(image, sigma, mode="nearest"))


def _extreme(contrasts: Sequence[Floats], which: np.ufunc) -> Floats:
    """The greatest (or least) of the local contrasts within reach, and 0."""
    from scipy.ndimage import maximum_filter, minimum_filter

    near = maximum_filter if which is np.maximum else minimum_filter
    return np.asarray(near(which(which.reduce(contrasts), np.float32(0.0)), 2 * REACH + 1, mode="nearest"))


def _unmatched_edges(fused: Floats, sources: Floats) -> Floats:
    """The steepness of edges of ``fused`` that no source has near, 0 elsewhere."""
    from scipy.ndimage import gaussian_gradient_magnitude, maximum_filter

    made = gaussian_gradient_magnitude(fused, 1.0, mode="nearest")
    given = np.max([gaussian_gradient_magnitude(source, 1.0, mode="nearest") for source in sources], axis=0)
    given = maximum_filter(given, 2 * REACH + 1, mode="nearest")
    return np.where((made > TOLERANCE) & (given < _COUNTERPART * made), made, np.float32(0.0))
