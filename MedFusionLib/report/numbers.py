"""Figures as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Iterable


def decimals(values: Iterable[float]) -> int:
    """How many decimals a column of ``values`` needs for three significant digits of its largest: 0 to 4."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0.0:
        return 2
    return min(max(2 - math.floor(math.log10(largest)), 0), 4)


def told(value: float, places: int | None = None) -> str:
    """``value`` with ``places`` decimals (default: as its size asks for); a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    return f"{value:.{decimals([value]) if places is None else places}f}".replace("-", "−")


def duration(seconds: float) -> str:
    """``seconds`` as "0.4 s", "12 s" or "3 min 20 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
