"""Means with their intervals as a drawing (SVG) that takes its colours from the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.numbers import decimals, told

_WIDTH, _LABELS, _ROW, _FOOT = 460.0, 170.0, 19.0, 24.0


@dataclass(frozen=True)
class Whisker:
    """One row of the drawing: a mean, the limits of its interval (NaN: unknown), and whether it is a reference."""

    title: str
    mean: float
    lower: float
    upper: float
    reference: bool = False


def interval_plot(title: str, whiskers: Sequence[Whisker], line: float) -> Markup:
    """Means as dots on their intervals, one below the other, with a dashed line at ``line`` (NaN: none)."""
    known = [value for whisker in whiskers for value in (whisker.mean, whisker.lower, whisker.upper)]
    known = [value for value in [*known, line] if math.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = (high - low or 1.0) * 0.04
    low, high = low - room, high + room
    height = _ROW * len(whiskers) + _FOOT
    bottom = height - _FOOT

    def across(value: float) -> float:
        return _LABELS + (_WIDTH - _LABELS - 8) * (value - low) / (high - low)

    parts: list[Markup | None] = [_axis(low, high, across(low), across(high), bottom)]
    if math.isfinite(line):
        parts.append(_line(across(line), 2.0, across(line), bottom, "against"))
    for number, whisker in enumerate(whiskers):
        level = _ROW * (number + 0.5) + 2
        parts += _row(whisker, level, across)
    drawing = element("svg", parts, viewBox=f"0 0 {_WIDTH:g} {height:g}", role="img", aria_label=title)
    return element("figure", element("figcaption", element("b", title)), drawing, class_="plot")


def _row(whisker: Whisker, level: float, across: Callable[[float], float]) -> list[Markup | None]:
    """The name of a row, its interval and its mean."""
    look = "reference" if whisker.reference else "method"
    label = element("text", whisker.title, x=f"{_LABELS - 8:g}", y=f"{level + 4:g}", text_anchor="end", class_=look)
    if not math.isfinite(whisker.mean):
        return [label]
    whole = math.isfinite(whisker.lower) and math.isfinite(whisker.upper)
    reach = _line(across(whisker.lower), level, across(whisker.upper), level, look) if whole else None
    dot = element("circle", cx=f"{across(whisker.mean):.1f}", cy=f"{level:g}", r=3.6, class_=look)
    return [label, reach, dot]


def _axis(low: float, high: float, left: float, right: float, bottom: float) -> Markup:
    places = decimals([low, high])
    return element(
        "g",
        _line(left, bottom, right, bottom, "axis"),
        element("text", told(low, places), x=f"{left:.1f}", y=f"{bottom + 16:g}"),
        element("text", told(high, places), x=f"{right:.1f}", y=f"{bottom + 16:g}", text_anchor="end"),
    )


def _line(left: float, top: float, right: float, bottom: float, look: str) -> Markup:
    return element("line", x1=f"{left:.1f}", y1=f"{top:.1f}", x2=f"{right:.1f}", y2=f"{bottom:.1f}", class_=look)
