"""Writing a comparison: all that a run writes, with the table and the picture of the methods beside it."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from MedFusionLib import __version__
from MedFusionLib.comparison import Comparison
from MedFusionLib.faithfulness import figure
from MedFusionLib.outputs import complete_folder, write_result
from MedFusionLib.progress import Progress, silent
from MedFusionLib.record import plain


def write_comparison(
    comparison: Comparison, folder: Path, progress: Progress = silent, pictures: bool = True
) -> tuple[Path, ...]:
    """Write ``comparison`` into ``folder``, complete or not at all, and return the files' paths.

    The files of ``write_result`` (without overview and scene unless ``pictures``), ``comparison.csv``,
    ``comparison.json`` and, with ``pictures``, ``comparison.png`` and ``report.html``.
    """
    with complete_folder(folder) as work:
        write_result(comparison.result, work, progress, plain=not pictures)
        write_table(comparison, work / "comparison.csv")
        text = json.dumps(as_data(comparison), indent=1, ensure_ascii=False)
        (work / "comparison.json").write_text(text + "\n", encoding="utf-8")
        if pictures:
            from MedFusionLib.report import comparison as report
            from MedFusionLib.side_by_side import draw_comparison

            draw_comparison(comparison, work / "comparison.png")
            # The comparison's report takes the place of the run's: it shows all that one shows, and who stands where.
            report.write_comparison(comparison, work / "report.html")
        names = sorted(file.name for file in work.iterdir())
    return tuple(folder / name for name in names)


def as_data(comparison: Comparison) -> dict[str, Any]:
    """The table, the columns' meanings and the record as plain data for JSON."""
    data = {
        "medfusion": __version__,
        "sources": [source.name for source in comparison.result.sources],
        "functional": comparison.functional,
        "headline": comparison.headline,
        "figures": {name: asdict(figure(name)) for name in comparison.figures},
        "rows": [asdict(row) for row in comparison.rows],
        "record": comparison.result.record.as_dict(),
    }
    return dict(plain(data))


def write_table(comparison: Comparison, path: Path) -> None:
    """One line a row: name, kind, seconds, every figure and its rank."""
    ranked = [name for name in comparison.figures if any(name in row.ranks for row in comparison.rows)]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "kind", "seconds", *comparison.figures, *(f"rank of {name}" for name in ranked)])
        for row in comparison.rows:
            values = [row.figures.get(name, "") for name in comparison.figures]
            places = [row.ranks.get(name, "") for name in ranked]
            writer.writerow([row.name, row.kind, f"{row.seconds:.4g}", *values, *places])


def as_text(comparison: Comparison) -> str:
    """The table of the main figures as text: methods in the order given, then the reference rows."""
    names = (*comparison.headline, "recoverability", "retention", "invention", "lesion_contrast")
    columns = [name for name in dict.fromkeys(names) if name in comparison.figures]
    widths = [max(7, len(name)) for name in columns]
    heads = "  ".join(name.rjust(width) for name, width in zip(columns, widths, strict=True))
    lines = [f"{'':20}  {heads}"]
    for row in comparison.rows:
        values = [row.figures.get(name, float("nan")) for name in columns]
        cells = "  ".join(f"{value:{width}.3f}" for value, width in zip(values, widths, strict=True))
        lines.append(f"{row.name:20}  {cells}")
    return "\n".join(lines)
