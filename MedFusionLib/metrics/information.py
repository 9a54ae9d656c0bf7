"""Entropy and mutual information, from histograms of 256 grey levels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from MedFusionLib.metrics.batch import count, levels
from MedFusionLib.metrics.comparison import Comparison, compare

_LEVELS = 256


def entropy(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Shannon entropy of the fused image: EN = -sum p log2 p over its 256-level histogram, in bits.

    Survey, table 1. Range 0 to 8; higher means more grey levels in use. Fooled by noise and by haze.
    ``sources`` and ``spacing`` are not used. Returns one value for each item of the batch.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return _entropy(it.xp, marginals(it)[0])


def mutual_information(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Mutual information of the fused image with each source, summed over the sources, in bits.

    MI = sum over sources of H(source) + H(fused) - H(source, fused), joint histogram of 256 x 256 levels
    (Qu, Zhang and Yan 2002; survey, table 1). CDDFuse prints nats. At least 0; higher is better. Fooled by copying a
    source. ``spacing`` is not used. Returns one value for each item of the batch.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return sum(_informations(it))


def marginals(it: Comparison) -> list[Any]:
    """The normalised 256-level histograms of fused and of each source."""

    def make() -> list[Any]:
        return [_histogram(it.xp, index, it.total_weight(), _LEVELS) for index in _levels(it)]

    return it.once("marginals", make)


def joints(it: Comparison) -> list[Any]:
    """The normalised joint histograms of each source with fused: (batch, source's level * 256 + fused's level)."""

    def make() -> list[Any]:
        fused, *sources = _levels(it)
        return [_histogram(it.xp, index * _LEVELS + fused, it.total_weight(), _LEVELS**2) for index in sources]

    return it.once("joints", make)


def _levels(it: Comparison) -> list[Any]:
    return it.once("levels", lambda: [levels(it.xp, picture) for picture in (it.fused, *it.sources)])


def _informations(it: Comparison) -> list[Any]:
    """The mutual information of fused with each source, in bits."""

    def make() -> list[Any]:
        fused, *alone = [_entropy(it.xp, histogram) for histogram in marginals(it)]
        return [own + fused - _entropy(it.xp, joint) for own, joint in zip(alone, joints(it), strict=True)]

    return it.once("informations", make)


def _histogram(xp: ModuleType, index: Any, weight: Any, bins: int) -> Any:
    """The normalised histogram of each item of the batch: (batch, bins)."""
    batch = index.shape[0]
    item = xp.reshape(xp.arange(batch, dtype=xp.int64, device=index.device), (-1,) + (1,) * (index.ndim - 1))
    counts = xp.reshape(count(xp, index + item * bins, weight, batch * bins), (batch, bins))
    return counts / xp.sum(counts, axis=1, keepdims=True)


def _entropy(xp: ModuleType, probabilities: Any) -> Any:
    safe = xp.where(probabilities > 0, probabilities, xp.ones_like(probabilities))
    return -xp.sum(probabilities * xp.log2(safe), axis=1)
