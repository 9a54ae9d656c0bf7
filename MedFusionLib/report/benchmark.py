"""The report of a benchmark: means with their intervals, tests over patients, and every patient's means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.meanings import best, column_of, meaning, meanings_table
from MedFusionLib.report.numbers import decimals, told
from MedFusionLib.report.page import Section, page
from MedFusionLib.report.pictures import gallery, picture
from MedFusionLib.report.plots import Whisker, interval_plot
from MedFusionLib.report.tables import Cell, Column, Row, table
from MedFusionLib.report.warnings import warning_box

if TYPE_CHECKING:
    from MedFusionLib.benchmark import Benchmark, BenchmarkRow, CasePictures, Interval, PairedTest

_NOWHERE = float("nan")
_SIGNIFICANT = 0.05
_INTERVALS = (
    "Means over all cases; brackets and whiskers are 95 % bootstrap intervals over patients (series), never over "
    "slices. Reference rows are in italics; the dashed line is {}."
)
_PICTURES = "Some of the cases, spread evenly: the sources first. A click enlarges. Held against the figures, eyes win."
_COLUMNS = 5
_TESTS = (
    "Wilcoxon's signed-rank test over the means of the series, two-sided, corrected after Holm over all methods of one "
    "figure. A dash: too few series for any result to be significant."
)


def write_benchmark(benchmark: Benchmark, path: Path) -> None:
    """Write the report of ``benchmark`` to the HTML file ``path``."""
    path.write_text(benchmark_page(benchmark), encoding="utf-8")


def benchmark_page(benchmark: Benchmark) -> str:
    """The report of ``benchmark`` as HTML."""
    others = [name for name in benchmark.figures if name not in benchmark.headline]
    series = list(dict.fromkeys(case.series for case in benchmark.cases))
    sections = (
        Section("notes", "Notes", warning_box(list(benchmark.notes), "note")),
        Section("plots", "Headline figures", _plots(benchmark), _INTERVALS.format(benchmark.against)),
        Section("table", "Means and intervals", _means(benchmark, benchmark.headline, "Headline figures")),
        Section("pictures", "Side by side", [_strip(case) for case in benchmark.pictures] or None, _PICTURES),
        Section("tests", f"Against {benchmark.against}", _tests(benchmark), _TESTS),
        Section("others", "All other figures", _means(benchmark, others, "All other figures") if others else None),
        Section("series", "By patient", [_by_series(benchmark, name, series) for name in benchmark.headline],
                "Means over each patient's cases."),
        Section("meanings", "What each figure means", meanings_table(benchmark.figures)),
    )
    kinds = [row.kind for row in benchmark.rows]
    facts = [
        f"{len(benchmark.cases)} cases of {len(series)} patients (series)",
        f"{kinds.count('method')} methods",
        f"{kinds.count('given')} made elsewhere" if "given" in kinds else "",
        f"{kinds.count('reference')} reference rows",
    ]
    return page("benchmark", " + ".join(benchmark.sources), facts, sections)


def _plots(benchmark: Benchmark) -> Markup:
    return element("div", [_plot(benchmark, name) for name in benchmark.headline], class_="plots")


def _plot(benchmark: Benchmark, name: str) -> Markup:
    """One figure's means and intervals, the best on top."""
    about = meaning(name)
    sign = -1.0 if about.direction == "lower" else 1.0
    intervals = {row.name: _interval(row, name) for row in benchmark.rows}
    places = {row.name: _worst_last(sign * intervals[row.name].mean) for row in benchmark.rows}
    rows = sorted(benchmark.rows, key=lambda row: places[row.name])
    whiskers = [
        Whisker(
            row.name if row.kind == "reference" else row.title,
            intervals[row.name].mean,
            intervals[row.name].lower,
            intervals[row.name].upper,
            row.kind == "reference",
        )
        for row in rows
    ]
    line = next((intervals[row.name].mean for row in rows if row.name == benchmark.against), _NOWHERE)
    arrow = {"higher": " ↑", "lower": " ↓"}.get(about.direction, "")
    return interval_plot(f"{about.title}{arrow}", whiskers, line)


def _means(benchmark: Benchmark, names: Sequence[str], caption: str) -> Markup:
    tops = {}
    for name in names:
        means = [_interval(row, name).mean for row in benchmark.rows if row.kind != "reference"]
        tops[name] = best(means, meaning(name).direction)
    places = {name: decimals(_interval(row, name).mean for row in benchmark.rows) for name in names}
    rows = []
    for row in benchmark.rows:
        cells = [_mean_cell(row, name, places[name], tops[name]) for name in names]
        rows.append(Row([_head(row), *cells, Cell(told(row.seconds), row.seconds)], _look(row)))
    columns = [Column("Method"), *(column_of(name) for name in names)]
    return table([*columns, Column("Time", "Seconds to fuse one case", numeric=True, unit="s")], rows, caption)


def _mean_cell(row: BenchmarkRow, name: str, places: int, top: float | None) -> Cell:
    interval = _interval(row, name)
    limits = f"{told(interval.lower, places)} – {told(interval.upper, places)}"
    known = math.isfinite(interval.lower)
    content = [told(interval.mean, places), element("small", limits) if known else None]
    return Cell(content, interval.mean, "best" if row.kind != "reference" and interval.mean == top else "")


def _tests(benchmark: Benchmark) -> Markup | None:
    titles = {row.name: row.title for row in benchmark.rows}
    rows = [_test(test, titles.get(test.method, test.method)) for test in benchmark.tests]
    columns = [
        Column("Method"),
        Column("Figure"),
        Column("Difference", numeric=True),
        Column("p", numeric=True),
        Column("p after Holm", numeric=True),
        Column("Series", numeric=True),
        Column("Verdict"),
    ]
    return table(columns, rows, f"Tests against {benchmark.against}") if rows else None


def _test(test: PairedTest, title: str) -> Row:
    verdict = _verdict(test)
    cells = [
        Cell(title),
        Cell(meaning(test.figure).title),
        Cell(f"{'+' if test.difference > 0 else ''}{told(test.difference)}", test.difference),
        Cell(_probability(test.p), test.p),
        Cell(_probability(test.p_holm), test.p_holm),
        Cell(test.series, test.series),
        Cell(verdict, look="best" if verdict == "better" else ""),
    ]
    return Row(cells)


def _verdict(test: PairedTest) -> str:
    """What the test says after Holm's correction."""
    direction = meaning(test.figure).direction
    if direction == "context" or not test.p_holm < _SIGNIFICANT:
        return "no difference shown"
    return "better" if (test.difference > 0) == (direction == "higher") else "worse"


def _strip(case: CasePictures) -> Markup:
    """The sources of one case and what was made of them."""
    pictures = [
        picture(pixels / np.float32(255.0), case.size, f"{title}, case {case.case.name}", element("b", title))
        for title, pixels in (*case.sources, *case.fused)
    ]
    return gallery(pictures, _COLUMNS, f"{case.case.name} (patient {case.case.series})")


def _by_series(benchmark: Benchmark, name: str, series: Sequence[str]) -> Markup:
    """Every patient's mean of one figure, folded away."""
    means = {row.name: _series_means(benchmark, row, name, series) for row in benchmark.rows}
    places = decimals(value for values in means.values() for value in values)
    rows = [
        Row([_head(row), *(Cell(told(value, places), value) for value in means[row.name])], _look(row))
        for row in benchmark.rows
    ]
    columns = [Column("Method"), *(Column(one, numeric=True) for one in series)]
    title = meaning(name).title
    return element("details", element("summary", title), table(columns, rows, f"{title} by patient"))


def _series_means(benchmark: Benchmark, row: BenchmarkRow, name: str, series: Sequence[str]) -> list[float]:
    scores = row.scores.get(name, ())
    means = []
    for one in series:
        own = [score for case, score in zip(benchmark.cases, scores, strict=False) if case.series == one]
        known = [score for score in own if math.isfinite(score)]
        means.append(sum(known) / len(known) if known else _NOWHERE)
    return means


def _interval(row: BenchmarkRow, name: str) -> Interval:
    from MedFusionLib.benchmark import Interval

    return row.intervals.get(name, Interval(_NOWHERE, _NOWHERE, _NOWHERE, 0))


def _probability(value: float) -> str:
    return "–" if not math.isfinite(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _head(row: BenchmarkRow) -> Cell:
    return Cell([row.title, element("small", "made elsewhere") if row.kind == "given" else None])


def _look(row: BenchmarkRow) -> str:
    return "reference" if row.kind == "reference" else ""


def _worst_last(value: float) -> float:
    """A key to sort by, the best first and what is unknown last."""
    return -value if math.isfinite(value) else math.inf
