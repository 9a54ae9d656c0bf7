"""Consistency from slice to slice: does the fused volume change more than its sources do?"""

from __future__ import annotations

from typing import Any

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion.filters import cut
from MedFusionLib.metrics.comparison import Comparison, compare, quotient


def flicker(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Flicker: the change between neighbouring slices of fused beyond that of every source, over the sources' change.

    sum of max(0, |change of F| - max over the sources of |change of S|) / sum of that maximum; the change is that
    of a voxel to the next along the first spatial axis (the slices), both inside the mask. At least 0; 0 where
    fused never changes more than its liveliest source (copies, the average and the maximum of the sources, any
    fixed convex mixture); lower is better. Fooled by blurring across slices. ``spacing`` is not used. NaN where no
    source changes. Only for volumes of two slices or more: raises ``BadInput`` otherwise.
    """
    it = compare(fused, sources, mask, spacing, shared)
    if len(it.axes) != 3 or it.fused.shape[1] < 2:
        raise BadInput(f"flicker of a picture of shape {tuple(it.fused.shape[1:])}", "Give a volume of several slices")
    xp = it.xp
    made, *own = (
        xp.abs(cut(picture, 1, 1, None) - cut(picture, 1, None, -1)) for picture in (it.fused, *it.sources)
    )
    liveliest = own[0]
    for other in own[1:]:
        liveliest = xp.maximum(liveliest, other)
    beyond = xp.clip(made - liveliest, 0.0, None)
    if it.weight is not None:
        both = cut(it.weight, 1, 1, None) * cut(it.weight, 1, None, -1)
        beyond, liveliest = beyond * both, liveliest * both
    return quotient(xp, xp.sum(beyond, axis=it.axes), xp.sum(liveliest, axis=it.axes), float("nan"))
