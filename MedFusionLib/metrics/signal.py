"""Peak signal-to-noise ratio of the fused image against its sources."""

from __future__ import annotations

from typing import Any

from MedFusionLib.metrics.batch import check, masked_mean, weights


def psnr(fused: Any, sources: Any, mask: Any = None, spacing: Any = None) -> Any:
    """Peak signal-to-noise ratio: 10 log10(1 / MSE) dB, MSE the mean over the sources, range of intensities 1.

    Survey, table 1. Infinite where the fused image equals every source; higher is better. The average of the
    sources is optimal by construction, so it says little of fusion. ``spacing`` is not used.
    Returns one value for each item of the batch.
    """
    xp = check(fused, sources, mask)
    weight = weights(xp, fused, mask)
    fused = xp.astype(fused, xp.float64)
    error = xp.zeros_like(weight)
    for number in range(sources.shape[1]):
        error = error + (xp.astype(sources[:, number, ...], xp.float64) - fused) ** 2
    mean = masked_mean(xp, error, weight) / sources.shape[1]
    perfect = mean == 0
    decibel = -10.0 * xp.log10(xp.where(perfect, xp.ones_like(mean), mean))
    return xp.where(perfect, xp.full_like(mean, float("inf")), decibel)
