"""Similarity of the fused image to that source which matters in each window: Yang, Piella, Cvejic."""

from __future__ import annotations

from typing import Any

from MedFusionLib.metrics.comparison import Comparison, compare, quotient
from MedFusionLib.metrics.ssim import UNIFORM, covariance, moments, similarity, similarity_maps
from MedFusionLib.metrics.windows import inner

_ALIKE = 0.75


def q_y(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Yang's Q_Y: likeness to the better source where the sources differ, to both where they agree.

    Yang et al. 2008: in each window the mean of the SSIMs of fused with each source, weighted by the sources'
    variances, where the SSIM of the sources with one another is at least .75 (of every pair, for more than two);
    elsewhere the largest. Windows of 7 voxels a side, uniform, sample covariance, constants as in ``ssim``. Range -1
    to 1; higher is better. Fooled by copying a source. ``spacing`` is not used. NaN where no window is in the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    xp, maps = it.xp, similarity_maps(it, UNIFORM)
    best = maps[0]
    for values in maps[1:]:
        best = xp.maximum(best, values)
    chosen = xp.where(_sources_alike(it) >= _ALIKE, _by_variance(it, maps), best)
    return it.mean(chosen, inner(it.fused.shape[1:], len(UNIFORM)))


def _by_variance(it: Comparison, maps: list[Any]) -> Any:
    """The mean of ``maps`` weighted by the sources' local variances; the plain mean where all are flat."""
    variances = [it.xp.clip(variance, 0.0, None) for variance in moments(it, UNIFORM).variances[1:]]
    total = sum(variances)
    weights = [quotient(it.xp, variance, total, 1.0 / len(maps)) for variance in variances]
    return sum(weight * values for weight, values in zip(weights, maps, strict=True))


def _sources_alike(it: Comparison) -> Any:
    """The least SSIM of any two sources at each window."""
    local = moments(it, UNIFORM)
    least = it.xp.ones_like(local.means[0])
    for one in range(len(it.sources)):
        for other in range(one):
            mean = local.means[one + 1], local.means[other + 1]
            shared = covariance(it.sources[one], it.sources[other], mean, UNIFORM)
            variances = local.variances[one + 1], local.variances[other + 1]
            least = it.xp.minimum(least, similarity(mean, variances, shared))
    return least
