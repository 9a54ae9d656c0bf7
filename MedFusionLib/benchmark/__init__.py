"""Benchmark: methods over many cases, judged by patient: intervals and tests over series, never over slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from MedFusionLib.scoring import Kind
    from MedFusionLib.volume import Array


@dataclass(frozen=True)
class CaseName:
    """One case: its file's name, and the series (patient) it belongs to."""

    name: str
    series: str


@dataclass(frozen=True, eq=False)
class CasePictures:
    """What is shown of a case: titles with 8-bit pictures (rows, columns[, 3]) of its sources, and of what was made of
    them; ``size`` is width and height in mm (in pixels, for pictures).
    """

    case: CaseName
    sources: tuple[tuple[str, Array], ...]
    fused: tuple[tuple[str, Array], ...]
    size: tuple[float, float]


@dataclass(frozen=True)
class Interval:
    """The mean over cases, and its 95 % bootstrap interval over ``series`` of them; NaN limits for one series."""

    mean: float
    lower: float
    upper: float
    series: int


@dataclass(frozen=True)
class PairedTest:
    """Wilcoxon's signed-rank test of a method against another over the means of the series.

    ``difference`` is the mean over series of method minus ``against``; ``p`` is two-sided, ``p_holm`` corrected over
    all methods of the same figure; both NaN where the series are too few for any result to be significant.
    """

    figure: str
    method: str
    against: str
    series: int
    difference: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class BenchmarkRow:
    """One method: ``scores`` hold one value for each case, in the order of the cases, by figure."""

    name: str
    title: str
    kind: Kind
    scores: dict[str, tuple[float, ...]]
    intervals: dict[str, Interval]
    seconds: float


@dataclass(frozen=True)
class Benchmark:
    """What ``benchmark`` gives back.

    ``sources`` are the names of the two sides (or of the volumes of a case); ``rows`` the methods, then the pictures
    made elsewhere, then the reference rows; ``figures`` the columns, ``headline`` those that count most (see
    ``faithfulness.figure``); ``tests`` compare every method and given picture with ``against`` (a reference row).
    """

    sources: tuple[str, ...]
    functional: bool
    cases: tuple[CaseName, ...]
    rows: tuple[BenchmarkRow, ...]
    figures: tuple[str, ...]
    headline: tuple[str, ...]
    against: str
    tests: tuple[PairedTest, ...]
    notes: tuple[str, ...]
    pictures: tuple[CasePictures, ...] = ()
