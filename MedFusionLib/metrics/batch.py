"""What every metric does first: check shapes, and bring arrays of numpy or torch to one form."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from MedFusionLib.arrays import array_namespace, is_torch_array
from MedFusionLib.errors import BadInput


def check(fused: Any, sources: Any, mask: Any = None) -> ModuleType:
    """The array namespace of the three arrays, after their shapes are checked.

    ``fused`` is (batch, *spatial), ``sources`` (batch, source, *spatial), ``mask`` None or (batch, *spatial)
    and true where to look; two spatial dimensions or three. Raises ``BadInput`` when they do not fit or when a
    mask is empty.
    """
    batch, *spatial = fused.shape
    if len(spatial) not in (2, 3) or tuple(sources.shape) != (batch, sources.shape[1], *spatial):
        raise BadInput(
            f"fused of shape {tuple(fused.shape)} and sources of shape {tuple(sources.shape)} do not fit",
            "Give fused as (batch, *spatial) and sources as (batch, source, *spatial)",
        )
    if mask is not None:
        if tuple(mask.shape) != tuple(fused.shape):
            raise BadInput(
                f"mask of shape {tuple(mask.shape)} for fused of shape {tuple(fused.shape)}",
                "Give a mask of the same shape",
            )
        if not bool((mask != 0).reshape(batch, -1).any(-1).all()):
            raise BadInput("the mask is empty", "Give a mask with at least one voxel in every item")
    return array_namespace(fused, sources)


def weights(xp: ModuleType, like: Any, mask: Any) -> Any:
    """The mask as float64 ones and zeros of the shape of ``like``; all ones without a mask."""
    if mask is None:
        return xp.ones_like(like, dtype=xp.float64)
    return xp.astype(xp.asarray(mask) != 0, xp.float64)


def masked_mean(xp: ModuleType, values: Any, weight: Any) -> Any:
    """The weighted mean over all spatial axes of ``values`` (batch, *spatial); NaN where no weight is."""
    axes = tuple(range(1, values.ndim))
    total = xp.sum(weight, axis=axes)
    mean = xp.sum(values * weight, axis=axes) / xp.where(total > 0, total, xp.ones_like(total))
    return xp.where(total > 0, mean, xp.full_like(total, float("nan")))


def levels(xp: ModuleType, image: Any) -> Any:
    """Intensities in [0, 1] as grey levels 0 to 255 (int64), rounded to the nearest."""
    return xp.astype(xp.round(xp.clip(image, 0.0, 1.0) * 255.0), xp.int64)


def count(xp: ModuleType, index: Any, weight: Any, length: int) -> Any:
    """The weighted histogram of ``index`` (0 to ``length`` - 1), float64; one-dimensional."""
    flat, flat_weight = xp.reshape(index, (-1,)), xp.reshape(weight, (-1,))
    bincount = _torch_bincount if is_torch_array(index) else xp.bincount
    return bincount(flat, flat_weight, minlength=length)


def _torch_bincount(index: Any, weight: Any, minlength: int) -> Any:
    import torch

    return torch.bincount(index, weight, minlength=minlength)
