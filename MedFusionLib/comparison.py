"""Comparison: several methods on the same aligned sources, with reference rows, figures and ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from MedFusionLib.volume import Array

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result

#: A method of the catalog, a reference row that nobody should be proud to beat, or a picture made elsewhere.
Kind = Literal["method", "reference", "given"]


@dataclass(frozen=True)
class Row:
    """One line of the table. ``ranks`` are 1 for the best method; reference rows have none."""

    name: str
    title: str
    kind: Kind
    figures: dict[str, float]
    ranks: dict[str, float]
    seconds: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """What ``compare`` gives back.

    ``result`` is the run with one fusion for each method; ``rows`` the table, methods first, references last;
    ``figures`` the names of its columns, ``headline`` those that count most (see ``faithfulness.figure`` for what
    each means); ``fused`` the fused image of every row by its name, float grey in [0, 1] or 8-bit RGB.
    ``functional`` is true where a source has colour.
    """

    result: Result
    rows: tuple[Row, ...]
    figures: tuple[str, ...]
    headline: tuple[str, ...]
    functional: bool
    fused: dict[str, Array]
