"""Who stands where in a comparison: the table of figures, and the mean rank over the headline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from MedFusionLib.faithfulness.probes import MAXIMUM
from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.meanings import best, column_of, meaning
from MedFusionLib.report.numbers import decimals, told
from MedFusionLib.report.tables import Cell, Column, Row, table

if TYPE_CHECKING:
    from MedFusionLib.comparison import Comparison
    from MedFusionLib.comparison import Row as Line

_NOWHERE = float("nan")


def mean_rank(line: Line, comparison: Comparison) -> float:
    """The mean of a method's ranks over the headline, last where its figure is missing; NaN for a reference row."""
    methods = [other for other in comparison.rows if other.kind != "reference"]
    if line.kind == "reference":
        return _NOWHERE
    ranked = [name for name in comparison.headline if any(name in other.ranks for other in methods)]
    ranks = [line.ranks.get(name, float(len(methods))) for name in ranked]
    return sum(ranks) / len(ranks) if ranks else _NOWHERE


def headline_table(comparison: Comparison) -> Markup:
    """The headline figures of every row, methods by their mean rank, reference rows below."""
    names = comparison.headline
    hint = "Mean of the ranks over the headline; 1 is best, a missing figure is last"
    first = [Column("Method"), Column("Mean rank", hint, numeric=True)]
    lines = sorted(comparison.rows, key=lambda line: (line.kind == "reference", _last(mean_rank(line, comparison))))
    ranks = {line.name: mean_rank(line, comparison) for line in lines}
    leads = [[Cell(_name(line)), Cell(told(ranks[line.name], 1), ranks[line.name])] for line in lines]
    return _table(first, leads, lines, names, "Headline figures")


def other_table(comparison: Comparison) -> Markup | None:
    """All other figures, and the seconds that a fusion took; None where there are none."""
    names = tuple(name for name in comparison.figures if name not in comparison.headline)
    if not names:
        return None
    columns = [Column("Method"), Column("Time", "Seconds to fuse once", numeric=True, unit="s")]
    leads = [[Cell(_name(line)), Cell(told(line.seconds), line.seconds)] for line in comparison.rows]
    return _table(columns, leads, comparison.rows, names, "All other figures")


def podium(comparison: Comparison) -> Markup | None:
    """The three best methods by mean rank, each with how often it beats every reference row."""
    methods = [line for line in comparison.rows if math.isfinite(mean_rank(line, comparison))]
    methods.sort(key=lambda line: mean_rank(line, comparison))
    if len(methods) < 2:
        return None
    entries = [
        element("li", element("b", line.title), element("span", _standing(line, comparison)))
        for line in methods[:3]
    ]
    return element("article", element("h3", "Best by mean rank over the headline"), element("ol", entries),
                   class_="card wide")


def _standing(line: Line, comparison: Comparison) -> str:
    rank = f"mean rank {told(mean_rank(line, comparison), 1)}"
    maximum = next((other for other in comparison.rows if other.name == MAXIMUM), None)
    if maximum is None:
        return rank
    compared = [name for name in comparison.headline if name in line.figures and name in maximum.figures]
    ahead = sum(_better(line.figures[name], maximum.figures[name], name) for name in compared)
    return f"{rank}, ahead of the maximum in {ahead} of {len(compared)} figures"


def _better(one: float, other: float, name: str) -> bool:
    return one > other if meaning(name).direction == "higher" else one < other


def _table(
    columns: Sequence[Column], leads: Sequence[list[Cell]], lines: Sequence[Line], names: Sequence[str], caption: str
) -> Markup:
    values = {name: [line.figures.get(name, _NOWHERE) for line in lines] for name in names}
    places = {name: decimals(values[name]) for name in names}
    tops = {
        name: best([line.figures.get(name, _NOWHERE) for line in lines if line.kind != "reference"],
                   meaning(name).direction)
        for name in names
    }
    rows = []
    for number, (line, lead) in enumerate(zip(lines, leads, strict=True)):
        judged = line.kind != "reference"
        cells = [
            Cell(told(values[name][number], places[name]), values[name][number],
                 "best" if judged and values[name][number] == tops[name] else "")
            for name in names
        ]
        rows.append(Row([*lead, *cells], "reference" if line.kind == "reference" else ""))
    return table([*columns, *(column_of(name) for name in names)], rows, caption)


def _name(line: Line) -> list[object]:
    told_already = line.kind == "reference" or line.title.casefold() == line.name.casefold()
    return [line.title, None if told_already else element("small", line.name)]


def _last(value: float) -> float:
    return value if math.isfinite(value) else math.inf
