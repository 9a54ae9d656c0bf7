"""A benchmark as a table for people, and as plain data for programs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from MedFusionLib import __version__
from MedFusionLib.benchmark import Benchmark, BenchmarkRow, PairedTest
from MedFusionLib.faithfulness import figure
from MedFusionLib.record import plain

_ARROWS = {"higher": "↑", "lower": "↓", "context": ""}
_MARKED = 0.05


def figures_shown(benchmark: Benchmark, every: bool = False) -> tuple[str, ...]:
    """The columns: the headline, retention, invention and Nabf; or ``every`` figure."""
    wanted = (*benchmark.headline, "recoverability", "retention", "retention_hot", "invention", "nabf")
    return tuple(name for name in dict.fromkeys(benchmark.figures if every else wanted) if name in benchmark.figures)


def as_text(benchmark: Benchmark, every: bool = False) -> str:
    """A Markdown table of means over cases, best method in bold, with the notes below.

    A star marks a difference from the row ``against`` that is significant after Holm's correction.
    """
    names = figures_shown(benchmark, every)
    tests = {(test.figure, test.method): test for test in benchmark.tests}
    heads = ["row", *(f"{name.replace('_', ' ')} {_ARROWS[figure(name).direction]}".strip() for name in names)]
    lines = [heads, ["---"] * len(heads)]
    best = {name: _best(benchmark.rows, name) for name in names}
    for row in benchmark.rows:
        cells = [_cell(row, name, tests.get((name, row.name)), best[name]) for name in names]
        lines.append([row.name if row.kind == "method" else f"*{row.name}*", *cells])
    series = len({case.series for case in benchmark.cases})
    title = f"{' + '.join(benchmark.sources)}: {len(benchmark.cases)} cases of {series} series; means over cases"
    return "\n".join([title, "", *(f"| {' | '.join(line)} |" for line in lines), "", *benchmark.notes])


def _best(rows: Sequence[BenchmarkRow], name: str) -> float:
    """The best mean that a method or a given picture reaches; NaN where the figure has no better way."""
    sign = {"higher": 1.0, "lower": -1.0, "context": float("nan")}[figure(name).direction]
    means = [row.intervals[name].mean for row in rows if row.kind != "reference" and name in row.intervals]
    known = [sign * mean for mean in means if np.isfinite(sign * mean)]
    return sign * max(known) if known else float("nan")


def _cell(row: BenchmarkRow, name: str, test: PairedTest | None, best: float) -> str:
    interval = row.intervals.get(name)
    if interval is None or not np.isfinite(interval.mean):
        return "–"
    text = f"{interval.mean:.3f}"
    if row.kind != "reference" and interval.mean == best:
        text = f"**{text}**"
    return f"{text}*" if test is not None and test.p_holm < _MARKED else text


def as_data(benchmark: Benchmark) -> dict[str, Any]:
    """The benchmark without its pictures as plain data for JSON; figures that are not finite become text."""
    data = asdict(replace(benchmark, pictures=()))
    del data["pictures"]
    data["medfusion"] = __version__
    data["meanings"] = {name: asdict(figure(name)) for name in benchmark.figures}
    return dict(plain(data))


def write_csv(benchmark: Benchmark, path: Path) -> None:
    """One line for each row and figure: mean, interval, difference from ``against`` and p."""
    tests = {(test.figure, test.method): test for test in benchmark.tests}
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "kind", "figure", "mean", "lower", "upper", "series", "difference", "p", "p_holm"])
        for row in benchmark.rows:
            for name, interval in row.intervals.items():
                test = tests.get((name, row.name))
                tested = (test.difference, test.p, test.p_holm) if test else ("", "", "")
                limits = (interval.mean, interval.lower, interval.upper, interval.series)
                writer.writerow([row.name, row.kind, name, *limits, *tested])
