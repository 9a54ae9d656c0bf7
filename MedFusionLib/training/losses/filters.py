"""Moving windows over (batch, picture, *spatial), a pass an axis: the twin of ``metrics.windows`` for training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from MedFusionLib.metrics.windows import fitting


def window_means(pictures: Tensor, taps: Sequence[float], stride: int = 1) -> Tensor:
    """The means of ``pictures`` weighted by ``taps`` along every axis, where the window lies inside.

    Along an axis shorter than the window it is as long as fits. Of the places every ``stride``-th is kept.
    """
    for axis in range(2, pictures.ndim):
        pictures = slide(pictures, fitting(taps, pictures.shape[axis]), axis, stride)
    return pictures


def slide(pictures: Tensor, taps: Sequence[float], axis: int, stride: int = 1) -> Tensor:
    """``pictures`` correlated along ``axis`` with ``taps`` where all of them lie inside, at every ``stride``-th place.

    A convolution of which each picture is a group of its own: several times quicker on a CPU than one of many items.
    """
    shape = pictures.shape
    last = axis == len(shape) - 1
    groups, after = math.prod(shape[: axis - last]), 1 if last else math.prod(shape[axis + 1 :])
    planes = pictures.reshape(1, groups, *(shape[-2:] if last else (shape[axis], after)))
    kernel = _kernel(tuple(taps), pictures.dtype, pictures.device)
    # A convolution of one group would run in TF32 on a GPU, which is too coarse for variances.
    several = max(groups, 2)
    planes = planes.expand(1, several, -1, -1)
    kernel = kernel.view(1, 1, *((1, -1) if last else (-1, 1))).expand(several, -1, -1, -1)
    slid = functional.conv2d(planes, kernel, stride=(1, stride) if last else (stride, 1), groups=several)[:, :groups]
    length = slid.shape[-1 if last else -2]
    return slid.reshape(*shape[:axis], length, *shape[axis + 1 :])


def sobel(pictures: Tensor) -> Tensor:
    """Sobel's gradient, unnormalised, the edges repeated: (batch, picture, *spatial) to (axis, batch, ...)."""
    padded = functional.pad(pictures, (1, 1) * (pictures.ndim - 2), mode="replicate")
    slopes = []
    for along in range(2, pictures.ndim):
        slope = padded
        for axis in range(2, pictures.ndim):
            slope = slide(slope, (-1.0, 0.0, 1.0) if axis == along else (1.0, 2.0, 1.0), axis)
        slopes.append(slope)
    return torch.stack(slopes)


@lru_cache(maxsize=64)
def _kernel(taps: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(taps, dtype=dtype, device=device)
