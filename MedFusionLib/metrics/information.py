"""Entropy and mutual information, from histograms of 256 grey levels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from MedFusionLib.metrics.batch import check, count, levels, weights

_LEVELS = 256


def entropy(fused: Any, sources: Any, mask: Any = None, spacing: Any = None) -> Any:
    """Shannon entropy of the fused image: EN = -sum p log2 p over its 256-level histogram, in bits.

    Survey, table 1. Range 0 to 8; higher means more grey levels in use. Fooled by noise and by haze.
    ``sources`` and ``spacing`` are not used. Returns one value for each item of the batch.
    """
    xp = check(fused, sources, mask)
    probabilities = _histogram(xp, levels(xp, fused), weights(xp, fused, mask), _LEVELS)
    return _entropy(xp, probabilities)


def mutual_information(fused: Any, sources: Any, mask: Any = None, spacing: Any = None) -> Any:
    """Mutual information of the fused image with each source, summed over the sources, in bits.

    MI = sum over sources of H(source) + H(fused) - H(source, fused), joint histogram of 256 x 256 levels
    (Qu, Zhang and Yan 2002; survey, table 1). At least 0; higher is better. Fooled by copying a source.
    ``spacing`` is not used. Returns one value for each item of the batch.
    """
    xp = check(fused, sources, mask)
    weight = weights(xp, fused, mask)
    fused_levels = levels(xp, fused)
    fused_entropy = _entropy(xp, _histogram(xp, fused_levels, weight, _LEVELS))
    total = xp.zeros_like(fused_entropy)
    for number in range(sources.shape[1]):
        source_levels = levels(xp, sources[:, number, ...])
        joint = _histogram(xp, source_levels * _LEVELS + fused_levels, weight, _LEVELS**2)
        alone = _entropy(xp, _histogram(xp, source_levels, weight, _LEVELS))
        total = total + alone + fused_entropy - _entropy(xp, joint)
    return total


def _histogram(xp: ModuleType, index: Any, weight: Any, bins: int) -> Any:
    """The normalised histogram of each item of the batch: (batch, bins)."""
    batch = index.shape[0]
    item = xp.reshape(xp.arange(batch, dtype=xp.int64, device=index.device), (-1,) + (1,) * (index.ndim - 1))
    counts = xp.reshape(count(xp, index + item * bins, weight, batch * bins), (batch, bins))
    return counts / xp.sum(counts, axis=1, keepdims=True)


def _entropy(xp: ModuleType, probabilities: Any) -> Any:
    safe = xp.where(probabilities > 0, probabilities, xp.ones_like(probabilities))
    return -xp.sum(probabilities * xp.log2(safe), axis=1)
