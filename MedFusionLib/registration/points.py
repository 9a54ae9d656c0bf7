"""Point pairs from files: Slicer's markups (.mrk.json, .fcsv) and plain tables (.csv), always given in LPS mm."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from MedFusionLib.errors import BadInput
from MedFusionLib.registration.settings import Points

RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
# Slicer wrote 0 for RAS and 1 for LPS into .fcsv before it wrote the names.
SYSTEMS = {"RAS": RAS_TO_LPS, "0": RAS_TO_LPS, "LPS": np.ones(3), "1": np.ones(3)}


def read_points(path: Path | str) -> Points:
    """The points of a file, shape (n, 3), LPS, mm.

    ``.mrk.json`` and ``.fcsv`` name their coordinate system (RAS or LPS); a ``.csv`` holds x, y, z in its
    first three number columns, in LPS. Raises ``BadInput`` for a missing, damaged or empty file.
    """
    path = Path(path)
    reader = next((read for ending, read in READERS.items() if path.name.lower().endswith(ending)), None)
    if reader is None:
        raise BadInput(f"landmarks file '{path.name}' has an unknown ending", f"Use one of {', '.join(READERS)}")
    points = np.array(_attempt(path, reader), float).reshape(-1, 3)
    if not len(points):
        raise BadInput(f"landmarks file '{path}' holds no points", "Place points in both volumes first")
    if not np.isfinite(points).all():
        raise BadInput(f"landmarks file '{path}' holds coordinates that are not finite", "Place them again")
    return points


def read_pairs(path: Path | str) -> tuple[Points, Points]:
    """Fixed and moving points of one place, each (n, 3), LPS, mm.

    ``path`` is a ``.csv`` with six number columns (fixed x, y, z, moving x, y, z), or two files parted by ``;``
    (fixed first). Raises ``BadInput`` when the counts differ.
    """
    first, _, second = str(path).partition(";")
    if second:
        fixed, moving = read_points(first.strip()), read_points(second.strip())
    else:
        rows = _attempt(Path(first), lambda file: _numbers(file, 6))
        pairs = np.array(rows, float).reshape(-1, 6)
        fixed, moving = pairs[:, :3], pairs[:, 3:]
    if len(fixed) != len(moving) or not len(fixed):
        raise BadInput(
            f"{len(fixed)} fixed and {len(moving)} moving points are no pairs", "Place the same points in both volumes"
        )
    return fixed, moving


def _attempt(path: Path, reader: Callable[[Path], list[list[float]]]) -> list[list[float]]:
    """Read, and turn what a damaged file raises into one line."""
    if not path.is_file():
        raise BadInput(f"landmarks file '{path}' does not exist", "Check the path")
    try:
        return reader(path)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadInput(f"landmarks file '{path}' cannot be read ({error})", "Save it again") from None


def _lps(rows: Iterable[Iterable[float]], system: str) -> list[list[float]]:
    if system.upper() not in SYSTEMS:
        raise ValueError(f"unknown coordinate system '{system}'")
    return [list(np.asarray(list(row), float) * SYSTEMS[system.upper()]) for row in rows]


def _markups(path: Path) -> list[list[float]]:
    """Slicer's markups JSON: the defined control points of its first list."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    markup = document["markups"][0]
    defined = [p for p in markup["controlPoints"] if p.get("positionStatus", "defined") == "defined"]
    return _lps([point["position"] for point in defined], markup.get("coordinateSystem", "LPS"))


def _fiducials(path: Path) -> list[list[float]]:
    """Slicer's fiducial table: rows of id, x, y, z, ... after comments, one of which names the system."""
    lines = path.read_text(encoding="utf-8").splitlines()
    systems = [line.split("=")[1].strip() for line in lines if line.startswith("# CoordinateSystem")]
    rows = [[float(v) for v in row[1:4]] for row in csv.reader(line for line in lines if line and line[0] != "#")]
    return _lps(rows, systems[0] if systems else "RAS")


def _table(path: Path) -> list[list[float]]:
    return _numbers(path, 3)


def _numbers(path: Path, columns: int) -> list[list[float]]:
    """The first ``columns`` numbers of each row; rows without numbers (a header, a comment) are passed over."""
    rows = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            numbers = [value for cell in row if (value := _number(cell)) is not None]
            if numbers and len(numbers) < columns:
                raise ValueError(f"a row has {len(numbers)} numbers, {columns} are needed")
            if numbers:
                rows.append(numbers[:columns])
    return rows


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


READERS: dict[str, Callable[[Path], list[list[float]]]] = {
    ".mrk.json": _markups, ".json": _markups, ".fcsv": _fiducials, ".csv": _table,
}
