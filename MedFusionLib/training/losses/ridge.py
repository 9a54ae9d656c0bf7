"""Ridge regression fitted on one half of the voxels and scored on the other, from sums of products alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_RIDGE = 1e-3
_TINY = 1e-12


@dataclass(frozen=True)
class Halves:
    """Sums over the voxels of both halves, float64: (batch, half, column[, column]).

    The first ``features`` columns are those, the others what they shall predict; ``count`` is the number of voxels,
    (batch, half).
    """

    count: Tensor
    sums: Tensor
    products: Tensor
    features: int


def standardised(halves: Halves) -> Halves:
    """The same with every feature of mean 0 and variance 1 over both halves; the others are left as they are."""
    count = halves.count.sum(1)
    mean = halves.sums.sum(1) / count[:, None]
    variance = halves.products.sum(1).diagonal(dim1=1, dim2=2) / count[:, None] - mean**2
    scale = torch.where(variance > _TINY, variance.clamp_min(_TINY).rsqrt(), 1.0)
    places = torch.arange(scale.shape[1], device=scale.device)
    scale = torch.where(places < halves.features, scale, 1.0)
    mean = torch.where(places < halves.features, mean, 0.0)
    moved = _about(halves.products, halves.sums, halves.count, mean[:, None])
    sums = (halves.sums - halves.count[..., None] * mean[:, None]) * scale[:, None]
    return Halves(halves.count, sums, moved * (scale[:, :, None] * scale[:, None, :])[:, None], halves.features)


def _about(products: Tensor, sums: Tensor, count: Tensor, point: Tensor) -> Tensor:
    """The sums of products of what remains after ``point`` is taken off."""
    cross = sums[..., :, None] * point[..., None, :]
    rest = count[..., None, None] * point[..., :, None] * point[..., None, :]
    return products - cross - cross.transpose(-1, -2) + rest


def errors_of(halves: Halves) -> Tensor:
    """The squared error of each half as predicted by the fit on the other, added up: (item, target)."""
    size = halves.features
    mean = halves.sums / halves.count[..., None]
    known = _about(halves.products, halves.sums, halves.count, mean)
    ridge = _RIDGE * halves.count[..., None, None] * torch.eye(size, dtype=known.dtype, device=known.device)
    weights = torch.linalg.solve(known[..., :size, :size] + ridge, known[..., :size, size:])
    # The voxels of the other half, seen from the mean of this one.
    unseen = _about(halves.products.flip(1), halves.sums.flip(1), halves.count.flip(1), mean)
    predicted = (weights * (unseen[..., :size, :size] @ weights)).sum(-2)
    shared = (weights * unseen[..., :size, size:]).sum(-2)
    own = unseen[..., size:, size:].diagonal(dim1=-2, dim2=-1)
    errors: Tensor = (own - 2.0 * shared + predicted).sum(1)
    return errors


def spreads_of(halves: Halves) -> Tensor:
    """The squared distances of the targets from their mean over both halves: (item, target)."""
    sums, size = halves.sums.sum(1)[:, halves.features:], halves.features
    squares = halves.products.sum(1)[:, size:, size:].diagonal(dim1=1, dim2=2)
    spreads: Tensor = squares - sums**2 / halves.count.sum(1)[:, None]
    return spreads
