"""Tables that sort: a click on a column's head orders the rows by it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from MedFusionLib.report.markup import Markup, element

_ARROWS = {"higher": "↑", "lower": "↓"}
_WORDS = {"higher": "higher is better", "lower": "lower is better", "context": "neither way is better"}


@dataclass(frozen=True)
class Column:
    """The head of a column. ``direction`` (higher, lower, context) gives it an arrow, ``hint`` a text to hover."""

    title: str
    hint: str = ""
    numeric: bool = False
    direction: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Cell:
    """``content`` as shown, ``value`` as sorted (default: the content), ``look`` as a class such as best."""

    content: Any
    value: float | str | None = None
    look: str = ""


@dataclass(frozen=True)
class Row:
    """The cells of one row; the first is its head. ``look`` is a class such as reference."""

    cells: Sequence[Cell]
    look: str = ""


def table(columns: Sequence[Column], rows: Sequence[Row], caption: str, sortable: bool = True) -> Markup:
    """A table in a frame that scrolls where the page is narrow; ``caption`` is read before it."""
    sortable = sortable and len(rows) > 1
    head = element("tr", [_head(column, sortable) for column in columns])
    body = [
        element("tr", [_cell(number, columns[number], cell) for number, cell in enumerate(row.cells)],
                class_=row.look or None)
        for row in rows
    ]
    inside = element(
        "table",
        element("caption", caption),
        element("thead", head),
        element("tbody", body),
        class_="sortable" if sortable else None,
    )
    return element("div", inside, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _head(column: Column, sortable: bool) -> Markup:
    arrow = _ARROWS.get(column.direction)
    words = [
        column.title,
        element("small", column.unit) if column.unit else None,
        element("i", arrow, aria_label=_WORDS[column.direction]) if arrow else None,
    ]
    hint = ". ".join(part for part in (column.hint.rstrip("."), _WORDS.get(column.direction, "")) if part)
    return element(
        "th",
        element("button", words, type="button") if sortable else element("span", words),
        scope="col",
        title=hint or None,
        class_="number" if column.numeric else None,
    )


def _cell(number: int, column: Column, cell: Cell) -> Markup:
    look = " ".join(part for part in ("number" if column.numeric else "", cell.look) if part)
    return element(
        "th" if number == 0 else "td",
        cell.content,
        scope="row" if number == 0 else None,
        class_=look or None,
        data_value=_sort_value(cell),
    )


def _sort_value(cell: Cell) -> str | None:
    """What the script sorts by; a figure that is missing comes last."""
    if cell.value is None:
        return None
    if isinstance(cell.value, str):
        return cell.value
    return repr(float(cell.value)) if math.isfinite(cell.value) else ""
