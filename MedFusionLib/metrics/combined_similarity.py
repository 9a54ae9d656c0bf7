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


def q_s(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Piella's Q_S: the SSIM of fused with each source, weighted in each window by the source's variance.

    Piella and Heijmans 2003, with SSIM as the local quality as Liu et al. 2012; windows and constants as in ``q_y``.
    Range -1 to 1; higher is better. Fooled by copying the source of higher contrast. ``spacing`` is not used. NaN
    where no window is in the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return it.mean(_by_variance(it, similarity_maps(it, UNIFORM)), inner(it.fused.shape[1:], len(UNIFORM)))


def q_c(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Cvejic's Q_C: the SSIM of fused with each source, weighted in each window by the covariance with fused.

    Cvejic et al. 2005: the weight of a source is cov(S, F) / sum of the covariances, cut to 0 to 1 (of more than two
    sources scaled to sum 1); SSIM, windows and constants as in ``q_y``. Range -1 to 1; higher is better. Fooled by
    copying a source. ``spacing`` is not used. NaN where no window is in the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    maps, shares = similarity_maps(it, UNIFORM), moments(it, UNIFORM).covariances
    flat, total = 1e-12, sum(shares)
    # A sum that is rounding error would make weights of noise.
    total = it.xp.where(it.xp.abs(total) < flat, 0.0 * total, total)
    weights = [it.xp.clip(quotient(it.xp, share, total, 1.0 / len(maps)), 0.0, 1.0) for share in shares]
    local = sum(weight * values for weight, values in zip(weights, maps, strict=True)) / sum(weights)
    return it.mean(local, inner(it.fused.shape[1:], len(UNIFORM)))


def _by_variance(it: Comparison, maps: list[Any]) -> Any:
    """The mean of ``maps`` weighted by the sources' local variances; the plain mean where all are flat."""
    # Variances below this are rounding errors of pictures in [0, 1].
    seen = [(variance > 1e-12, variance) for variance in moments(it, UNIFORM).variances[1:]]
    variances = [it.xp.where(real, variance, 0.0 * variance) for real, variance in seen]
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
            shared = covariance(it, one, other, UNIFORM)
            variances = local.variances[one + 1], local.variances[other + 1]
            least = it.xp.minimum(least, similarity(mean, variances, shared))
    return least
