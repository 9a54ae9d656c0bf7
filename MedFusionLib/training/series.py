"""Which slices of which series: ``"34"`` for a whole series, ``"41[:-50]"`` for a part of its sorted slices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from MedFusionLib.errors import BadInput

if TYPE_CHECKING:
    from MedFusionLib.training.recipe import DataSet

_PART = re.compile(r"(?P<series>[^\[\]]+)(\[(?P<start>-?\d*):(?P<stop>-?\d*)\])?")


def series_text(name: str, value: object) -> str:
    """A check of one entry: the name of a series, with a slice in Python's notation where only a part is meant."""
    if not isinstance(value, str) or not _PART.fullmatch(value):
        raise BadInput(f"{name} = {value!r} names no series", 'Give a name, as "34", or a part of one, as "41[:-50]"')
    return value


def select(entries: Sequence[str], slices: Mapping[str, Sequence[str]], owner: str) -> set[str]:
    """The names of the slices that ``entries`` mean; ``slices`` are the sorted names by series.

    Raises ``BadInput`` for a series that is not there and for a part that holds nothing.
    """
    chosen: set[str] = set()
    for entry in entries:
        part = _PART.fullmatch(entry)
        if part is None or part["series"] not in slices:
            raise BadInput(f"{owner} has no series '{entry}'", f"It has {', '.join(slices)}")
        start, stop = (int(part[edge]) if part[edge] else None for edge in ("start", "stop"))
        found = slices[part["series"]][start:stop]
        if not found:
            raise BadInput(f"{owner}: '{entry}' holds no slice", f"It has {len(slices[part['series']])}")
        chosen.update(found)
    return chosen


def split(data: DataSet, slices: Mapping[str, Sequence[str]]) -> tuple[set[str], set[str]]:
    """The slices to train on and those to validate on; no training series named means all that are left.

    ``slices`` are the sorted names by series. A series of which a part is held out lends nothing that is not asked for
    by name, because neighbouring slices are alike. Raises ``BadInput`` when a slice is on two sides, or when a side is
    empty.
    """
    owner = f"data set '{data.name}'"
    held, kept = select(data.validation, slices, owner), select(data.test, slices, owner)
    named = {entry.partition("[")[0] for entry in (*data.validation, *data.test)}
    learned = select(data.train or [series for series in slices if series not in named], slices, owner)
    for one, other, words in ((learned, held, "training and validation"), (learned, kept, "training and test"),
                              (held, kept, "validation and test")):
        if both := sorted(one & other):
            raise BadInput(f"{owner}: {both[0]} is in both {words}", "Put every slice on one side")
    if not learned or not held:
        raise BadInput(f"{owner} has {len(learned)} slices for training and {len(held)} for validation",
                       "Name series of its own for each")
    return learned, held
