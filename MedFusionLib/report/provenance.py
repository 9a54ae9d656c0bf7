"""Where it comes from: the volumes, the versions, the times, and the record from which it can be done again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.numbers import duration
from MedFusionLib.report.tables import Cell, Column, Row, table

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result
    from MedFusionLib.record import Record

_COLUMNS = (
    Column("Volume"),
    Column("Modality"),
    Column("File"),
    Column("Voxels", numeric=True),
    Column("Spacing", numeric=True, unit="mm"),
    Column("Window"),
    Column("Colour map"),
    Column("SHA-256 of the voxels"),
)


def volumes_table(result: Result) -> Markup:
    """The volumes that went in, with the windows through which they are seen."""
    record = result.record
    rows = [
        _volume(number, told, window)
        for number, (told, window) in enumerate(zip(record.inputs, record.windows, strict=True))
    ]
    return table(_COLUMNS, rows, "The volumes that went in", sortable=False)


def record_details(record: Record) -> Markup:
    """Versions and times as a list, and the whole record folded away below it."""
    entries = {**{f"{stage} took": duration(value) for stage, value in record.seconds.items()}, **record.versions}
    facts = [element("div", element("dt", name), element("dd", value)) for name, value in entries.items()]
    return element(
        "div",
        element("dl", facts, class_="versions"),
        element(
            "details",
            element("summary", "The whole record (JSON)"),
            element("p", "Its part recipe, saved in a file and given with --recipe, makes the same voxels again.",
                    class_="note"),
            element("pre", record.to_json(), tabindex=0),
        ),
    )


def size_words(size: list[int] | tuple[int, ...]) -> str:
    """The number of voxels along each axis."""
    return " × ".join(str(length) for length in size)


def spacing_words(spacing: list[float] | tuple[float, ...]) -> str:
    """The spacing along each axis with two decimals."""
    return " × ".join(f"{step:.2f}" for step in spacing)


def _volume(number: int, told: Mapping[str, Any], window: Mapping[str, Any]) -> Row:
    unit = f" {told['unit']}" if told["unit"] else ""
    hash_ = told["voxels_sha256"]
    cells = (
        [told["name"], element("small", " fixed") if number == 0 else None],
        told["modality"],
        told.get("file", "–"),
        size_words(told["size"]),
        spacing_words(told["spacing"]),
        f"{window['window']}, {window['lower']:.4g} to {window['upper']:.4g}{unit}",
        window["colour_map"],
        element("code", f"{hash_[:12]}…", title=hash_),
    )
    return Row([Cell(cell) for cell in cells])
