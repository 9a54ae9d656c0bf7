"""What each figure means in one line, which way is better, and what raises it for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from MedFusionLib.faithfulness import FIGURES, figure
from MedFusionLib.metrics import COLOUR_METRICS, METRICS, VOLUME_METRICS
from MedFusionLib.report.markup import Markup
from MedFusionLib.report.tables import Cell, Column, Row, table

_BETTER = {"higher": "↑ higher", "lower": "↓ lower", "context": "neither"}


@dataclass(frozen=True)
class Meaning:
    """A figure's title, unit, direction (higher, lower, context), meaning, what fools it, and its source."""

    name: str
    title: str
    unit: str
    direction: str
    meaning: str
    fooled_by: str = ""
    reference: str = ""


def meaning(name: str) -> Meaning:
    """What is known of the figure ``name``, also of one "of" a source; of an unknown one only its name."""
    if name.partition(" of ")[0] in FIGURES:
        row = figure(name)
        return Meaning(name, row.title, row.unit, row.direction, row.meaning)
    metrics = {**METRICS, **VOLUME_METRICS, **COLOUR_METRICS}
    if name in metrics:
        entry = metrics[name]
        sentence = (entry.function.__doc__ or "").partition("\n")[0]
        return Meaning(name, entry.title, entry.unit, entry.direction, sentence, entry.fooled_by, entry.reference)
    return Meaning(name, name.replace("_", " ").capitalize(), "", "context", "")


def column_of(name: str) -> Column:
    """The head of the column of the figure ``name``."""
    about = meaning(name)
    return Column(about.title, about.meaning, numeric=True, direction=about.direction, unit=about.unit)


def meanings_table(names: Iterable[str]) -> Markup | None:
    """What each of the figures ``names`` means; None when there are none."""
    rows = [_row(meaning(name)) for name in names]
    columns = [Column(title) for title in ("Figure", "Better", "What it means", "Fooled by", "Source")]
    return table(columns, rows, "What each figure means", sortable=False) if rows else None


def best(values: Sequence[float], direction: str) -> float | None:
    """The best of ``values`` in ``direction``; None where neither way is better or nothing differs."""
    finite = {value for value in values if value == value}
    if direction not in ("higher", "lower") or len(finite) < 2:
        return None
    return max(finite) if direction == "higher" else min(finite)


def _row(about: Meaning) -> Row:
    return Row(
        [
            Cell(about.title),
            Cell(_BETTER[about.direction], look="word"),
            Cell(about.meaning or "–"),
            Cell(about.fooled_by or "–"),
            Cell(about.reference or "–"),
        ]
    )
