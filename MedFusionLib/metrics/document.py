"""The table of metrics as Markdown: ``python -m MedFusionLib.metrics.document`` writes ``Resources/metrics.md``."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import cleandoc

from MedFusionLib.metrics.table import COLOUR_METRICS, METRIC_SETS, METRICS, VOLUME_METRICS, Metric
from MedFusionLib.resources import resource

_HEAD = """# Metrics of fusion quality

Made from the table and the docstrings by `python -m MedFusionLib.metrics.document`; do not edit. Direction: whether
higher or lower is better; context figures say what a picture is like, not how good. Ranges are for n sources.
"""


def markdown() -> str:
    """The tables of all metrics, the sets that have a name, and the definition of each metric."""
    tables = [("All pictures", METRICS), ("Volumes", VOLUME_METRICS), ("Colour", COLOUR_METRICS)]
    parts = [_HEAD, *(f"## {title}\n\n{_table(rows.values())}" for title, rows in tables)]
    names = "\n".join(f"- `{name}`: {', '.join(METRIC_SETS[name])}" for name in METRIC_SETS)
    every = [row for _, rows in tables for row in rows.values()]
    definitions = "\n\n".join(f"### {row.name}\n\n{cleandoc(row.function.__doc__ or '')}" for row in every)
    return "\n\n".join([*parts, f"## Sets\n\n{names}", f"## Definitions\n\n{definitions}"]) + "\n"


def _table(rows: Iterable[Metric]) -> str:
    lines = ["| name | title | unit | better | range | source | fooled by |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row.name} | {row.title} | {row.unit} | {row.direction} | {row.range} | {row.reference} | {row.fooled_by} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    resource("metrics.md").write_text(markdown(), encoding="utf-8")
