"""Many metrics of the same pictures at once, so that they share what is costly."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from MedFusionLib.errors import BadInput
from MedFusionLib.metrics.table import METRIC_SETS, METRICS, Metric

# Pictures are measured so many voxels at a time: their intermediate results then stay in the processor's cache.
_VOXELS_AT_ONCE = 2**16
# Families that use the same intermediate results; every other family keeps its own.
_SHARING = (
    ("ssim", "multiscale_ssim", "combined_similarity"),
    ("edges", "activity", "human_vision", "feature_information"),
)


def metric(name: str) -> Metric:
    """The row called ``name``; raises ``BadInput`` with the known names otherwise."""
    if name not in METRICS:
        raise BadInput(f"metric '{name}' is not known", f"Use one of {', '.join(METRICS)}")
    return METRICS[name]


def metric_names(names: Sequence[str]) -> tuple[str, ...]:
    """``names`` with every name of a set (basic, panel, all) replaced by its metrics, each metric once.

    Raises ``BadInput`` for a name that is neither.
    """
    every = [one for name in names for one in METRIC_SETS.get(name, (name,))]
    return tuple(dict.fromkeys(metric(name).name for name in every))


def figures(
    fused: Any, sources: Any, names: Sequence[str] = ("all",), mask: Any = None, spacing: Sequence[float] | None = None
) -> dict[str, Any]:
    """The metrics ``names`` (or sets of them): for each name one value for each item of the batch.

    Arrays, ``mask`` and ``spacing`` as for every metric; raises ``BadInput`` as they do.
    """
    from MedFusionLib.metrics.batch import check

    rows = [METRICS[name] for name in metric_names(names)]
    xp = check(fused, sources, mask)
    at_once = max(1, _VOXELS_AT_ONCE // prod(fused.shape[1:]))
    parts = [slice(start, start + at_once) for start in range(0, fused.shape[0], at_once)]
    measured = [
        _measured(fused[part], sources[part], rows, None if mask is None else mask[part], spacing) for part in parts
    ]
    return {row.name: xp.concat([values[row.name] for values in measured]) for row in rows}


def _measured(fused: Any, sources: Any, rows: Sequence[Metric], mask: Any, spacing: Any) -> dict[str, Any]:
    """The figures of a few items, group by group: the intermediate results of each are dropped after it."""
    from MedFusionLib.metrics.comparison import Comparison

    shared = Comparison(fused, sources, mask, spacing)
    values: dict[str, Any] = {}
    for group in dict.fromkeys(_group(row) for row in rows):
        for row in (row for row in rows if _group(row) == group):
            values[row.name] = row.function(fused, sources, mask, spacing, shared)
        shared.forget()
    return values


def _group(row: Metric) -> tuple[str, ...]:
    """The families with which a metric shares intermediate results."""
    return next((group for group in _SHARING if row.family in group), (row.family,))
