"""How far readers agree: Fleiss' kappa for categories, the intraclass correlation for scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from MedFusionLib.volume import Array


@dataclass(frozen=True)
class Agreement:
    """``kappa`` of Fleiss; ``single`` is ICC(2,1), ``mean`` ICC(2,k); NaN where they are not defined.

    ``items`` were scored by all ``readers`` and count.
    """

    kappa: float
    single: float
    mean: float
    items: int
    readers: int


def agreement(scores: Array, categories: int = 5) -> Agreement:
    """The agreement of ``scores`` (item, reader), whole numbers from 1 to ``categories``; NaN where none was given.

    Only items that every reader scored count.
    """
    whole = scores[np.isfinite(scores).all(axis=1)]
    single, mean = intraclass_correlation(whole)
    counts = np.stack([(whole == category).sum(axis=1) for category in range(1, categories + 1)], axis=1)
    return Agreement(fleiss_kappa(counts), single, mean, *whole.shape)


def fleiss_kappa(counts: Array) -> float:
    """Fleiss' kappa of ``counts`` (item, category): how many readers put the item there, as many for every item.

    kappa = (P - Pe) / (1 - Pe), P the mean share of agreeing pairs of readers, Pe that expected by chance. At most 1,
    0 for chance; NaN for fewer than two readers, no item, or a single category in use.
    Source: Fleiss, Psychological Bulletin 76 (1971) 378.
    """
    items, readers = len(counts), float(counts[0].sum()) if len(counts) else 0.0
    if not items or readers < 2:
        return float("nan")
    agreed = ((counts**2).sum(axis=1) - readers) / (readers * (readers - 1))
    shares = counts.sum(axis=0) / (items * readers)
    chance = float((shares**2).sum())
    return float((agreed.mean() - chance) / (1 - chance)) if chance < 1 else float("nan")


def intraclass_correlation(scores: Array) -> tuple[float, float]:
    """ICC(2,1) and ICC(2,k) of ``scores`` (item, reader): absolute agreement, readers drawn from many.

    Two-way random effects: (MSB - MSE) / (MSB + (k - 1) MSE + k (MSR - MSE) / n) for one reader, and
    (MSB - MSE) / (MSB + (MSR - MSE) / n) for the mean of the k. At most 1; NaN for fewer than two items or readers.
    Source: Shrout and Fleiss, Psychological Bulletin 86 (1979) 420.
    """
    items, readers = scores.shape
    if items < 2 or readers < 2:
        return float("nan"), float("nan")
    whole, rows, columns = scores.mean(), scores.mean(axis=1), scores.mean(axis=0)
    between = readers * ((rows - whole) ** 2).sum() / (items - 1)
    of_readers = items * ((columns - whole) ** 2).sum() / (readers - 1)
    rest = scores - rows[:, np.newaxis] - columns + whole
    error = (rest**2).sum() / ((items - 1) * (readers - 1))
    single = between + (readers - 1) * error + readers * (of_readers - error) / items
    mean = between + (of_readers - error) / items
    return _ratio(between - error, single), _ratio(between - error, mean)


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else float("nan")
