"""Intervals and tests over series (patients): slices of one patient are no independent observations."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from MedFusionLib.benchmark import Interval, PairedTest

Floats = npt.NDArray[np.float64]

_RESAMPLES = 2000
_LEVEL = 0.05
#: With fewer series even equal signs in all of them would not reach 0.05.
LEAST_SERIES = 6


def series_means(values: Sequence[float], series: Sequence[str]) -> dict[str, float]:
    """The mean of ``values`` (one a case) in each of the ``series``; cases that are NaN are left out."""
    groups: dict[str, list[float]] = {}
    for value, name in zip(values, series, strict=True):
        if np.isfinite(value):
            groups.setdefault(name, []).append(value)
    return {name: float(np.mean(group)) for name, group in groups.items()}


def bootstrap_interval(values: Sequence[float], series: Sequence[str], seed: int = 0) -> Interval:
    """The mean over cases and its 95 % interval: whole series are drawn with replacement, 2000 times (percentiles).

    Drawing slices would call ten slices of one patient ten patients. With fewer than two series the limits are NaN.
    """
    known = np.array([value for value in values if np.isfinite(value)], np.float64)
    if known.size == 0:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    mean = float(known.mean())
    groups = _sums(values, series)
    if len(groups) < 2:
        return Interval(mean, float("nan"), float("nan"), len(groups))
    drawn = np.random.default_rng(seed).integers(0, len(groups), (_RESAMPLES, len(groups)))
    totals = groups[drawn].sum(axis=1)
    lower, upper = np.percentile(totals[:, 0] / totals[:, 1], (100 * _LEVEL / 2, 100 * (1 - _LEVEL / 2)))
    return Interval(mean, float(lower), float(upper), len(groups))


def _sums(values: Sequence[float], series: Sequence[str]) -> Floats:
    """Sum and number of the cases of each series: (series, 2)."""
    groups: dict[str, tuple[float, int]] = {}
    for value, name in zip(values, series, strict=True):
        if np.isfinite(value):
            total, count = groups.get(name, (0.0, 0))
            groups[name] = (total + value, count + 1)
    return np.array(list(groups.values()), np.float64).reshape(-1, 2)


def paired_tests(
    figure: str,
    scores: Mapping[str, Sequence[float]],
    against: str,
    base: Sequence[float],
    series: Sequence[str],
) -> tuple[PairedTest, ...]:
    """Each of ``scores`` (one value a case, by method) against ``base``, the scores of ``against``, over series' means.

    Wilcoxon's signed-rank test, two-sided and exact where scipy can, corrected by Holm over the methods. With fewer
    than 6 series p is NaN: no result could reach 0.05, so there is nothing to test.
    """
    known = series_means(base, series)
    found: list[tuple[str, int, float, float]] = []
    for method, values in scores.items():
        means = series_means(values, series)
        shared = [name for name in means if name in known]
        if not shared:
            continue
        gaps = np.array([means[name] - known[name] for name in shared])
        found.append((method, len(shared), float(gaps.mean()), _wilcoxon(gaps)))
    corrected = holm([p for *_, p in found])
    return tuple(
        PairedTest(figure, method, against, count, gap, p, fixed)
        for (method, count, gap, p), fixed in zip(found, corrected, strict=True)
    )


def _wilcoxon(gaps: Floats) -> float:
    from scipy.stats import wilcoxon

    if len(gaps) < LEAST_SERIES:
        return float("nan")
    if not gaps.any():
        return 1.0
    with warnings.catch_warnings():
        # Ties and zeros make scipy take the normal approximation, and say so.
        warnings.simplefilter("ignore", UserWarning)
        return float(wilcoxon(gaps).pvalue)


def holm(values: Sequence[float]) -> tuple[float, ...]:
    """The p-values corrected for their number by Holm's step-down method (1979); NaN stay NaN and do not count."""
    order = sorted((place for place, p in enumerate(values) if np.isfinite(p)), key=lambda place: values[place])
    corrected = [float("nan")] * len(values)
    least = 0.0
    for step, place in enumerate(order):
        least = max(least, min(1.0, (len(order) - step) * values[place]))
        corrected[place] = least
    return tuple(corrected)
