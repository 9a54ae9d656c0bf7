"""Fusion quality: one definition a function, listed in one table (``table.py``; ``Resources/metrics.md``).

Every metric is ``metric(fused, sources, mask=None, spacing=None, shared=None)`` on numpy arrays or torch tensors,
fused (batch, *spatial) and sources (batch, source, *spatial) in [0, 1], two or three spatial dimensions, spacing in
mm along the spatial axes in their order, and returns one value for each item of the batch. ``shared`` is the
:class:`~MedFusionLib.metrics.comparison.Comparison` of a caller who measures many figures; :func:`figures` does. A
newcomer adds a function in a file of its family and a row in the table.
"""

from __future__ import annotations

from MedFusionLib.metrics.figures import figures, metric, metric_names
from MedFusionLib.metrics.table import COLOUR_METRICS, METRIC_SETS, METRICS, VOLUME_METRICS, Metric

__all__ = [
    "COLOUR_METRICS",
    "METRICS",
    "METRIC_SETS",
    "VOLUME_METRICS",
    "Metric",
    "figures",
    "metric",
    "metric_names",
]
