"""Correlations of differences: what fused holds beyond the other sources is what a source holds."""

from __future__ import annotations

import torch
from torch import Tensor

from MedFusionLib.training.losses.compared import Compared

# A product of variances (of intensities in [0, 1]) of this order is the rounding error of a flat picture.
_FLAT = 1e-10


def scd(it: Compared) -> Tensor:
    """1 - the mean over the sources of r(S, F - the other sources); Aslantas and Bendes 2015; range 0 to 2.

    ``metrics.scd`` is the sum over the sources. Smooth: 1e-10 is added to the product of the variances.
    """
    return (1.0 - correlations(it) / it.sources.count).mean()


def correlations(it: Compared) -> Tensor:
    """SCD of each item, as ``metrics.scd``: (batch,)."""
    sources = it.sources.once("centred", lambda: _centred(it.sources.pictures))
    others = it.sources.once("others", lambda: _others(it.sources.pictures))
    difference = _centred(it.fused - others)
    shared = (sources * difference).flatten(2).mean(2)
    spread = sources.square().flatten(2).mean(2) * difference.square().flatten(2).mean(2)
    return (shared / (spread + _FLAT).sqrt()).sum(1)


def _others(sources: Tensor) -> Tensor:
    """For each source the sum of all others: added up anew, so that a copy of one differs from it by exactly 0."""
    places = range(sources.shape[1])
    return torch.stack([sources[:, [other for other in places if other != place]].sum(1) for place in places], 1)


def _centred(pictures: Tensor) -> Tensor:
    return pictures - pictures.mean(tuple(range(2, pictures.ndim)), keepdim=True)
