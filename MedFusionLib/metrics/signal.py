"""Errors and correlations of the fused image against its sources."""

from __future__ import annotations

from typing import Any

from MedFusionLib.metrics.comparison import Comparison, compare, quotient


def mse(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Mean squared error, the mean over the sources, of intensities in [0, 1].

    Survey, table 1; papers on 0 to 255 print 65025 times as much. At least 0; lower is better. The average of the
    sources is optimal by construction, so it says little of fusion. ``spacing`` is not used.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return it.once("mse", lambda: sum(it.mean((source - it.fused) ** 2) for source in it.sources) / len(it.sources))


def psnr(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Peak signal-to-noise ratio: 10 log10(1 / MSE) dB, MSE the mean over the sources, range of intensities 1.

    Survey, table 1. Infinite where the fused image equals every source; higher is better. The average of the
    sources is optimal by construction, so it says little of fusion. ``spacing`` is not used.
    Returns one value for each item of the batch.
    """
    it = compare(fused, sources, mask, spacing, shared)
    xp, error = it.xp, mse(fused, sources, mask, spacing, it)
    perfect = error == 0
    decibel = -10.0 * xp.log10(xp.where(perfect, xp.ones_like(error), error))
    return xp.where(perfect, xp.full_like(error, float("inf")), decibel)


def correlation(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Correlation coefficient CC: the mean over the sources of Pearson's r of fused and source.

    Survey, table 1. Range -1 to 1; higher is better. The average of the sources is near optimal by construction.
    ``spacing`` is not used. A flat picture counts as uncorrelated (0).
    """
    it = compare(fused, sources, mask, spacing, shared)
    return sum(_pearson(it, it.fused, source) for source in it.sources) / len(it.sources)


def scd(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Sum of the correlations of differences: what fused holds beyond the other sources is what a source holds.

    Aslantas and Bendes 2015: SCD = r(A, F - B) + r(B, F - A), r Pearson's; of more sources, r(S, F - the sum of the
    others). Range -n to n for n sources; higher is better. Fooled by adding the sources and by a contrast stretch.
    ``spacing`` is not used. A flat picture counts as uncorrelated (0).
    """
    it = compare(fused, sources, mask, spacing, shared)
    everything = sum(it.sources)
    return sum(_pearson(it, source, it.fused - (everything - source)) for source in it.sources)


def _pearson(it: Comparison, one: Any, other: Any) -> Any:
    one, other = _centred(it, one), _centred(it, other)
    spread = it.mean(one**2) * it.mean(other**2)
    # Below this a picture is flat but for the last digits of its mean.
    spread = it.xp.where(spread < 1e-24, it.xp.zeros_like(spread), spread)
    return quotient(it.xp, it.mean(one * other), it.xp.sqrt(spread))


def _centred(it: Comparison, picture: Any) -> Any:
    mean = it.mean(picture)
    return picture - it.xp.reshape(mean, (-1,) + (1,) * len(it.axes))
