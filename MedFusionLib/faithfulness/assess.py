"""All faithfulness figures of one fused image, under the names of the table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MedFusionLib.cuts import in_unit_range, shown
from MedFusionLib.faithfulness.invention import invention
from MedFusionLib.faithfulness.lesion import lesion_contrast
from MedFusionLib.faithfulness.recoverability import recoverability
from MedFusionLib.faithfulness.retention import Fuse, retention
from MedFusionLib.faithfulness.subject import Subject
from MedFusionLib.faithfulness.told import grey_of, intensities
from MedFusionLib.metrics import VOLUME_METRICS
from MedFusionLib.volume import Array

_SHOWN = 0.02


def assess(fused: Array, subject: Subject, fuse: Fuse | None = None) -> dict[str, float]:
    """The figures of ``faithfulness.FIGURES`` (of a volume flicker too) for ``fused`` of ``subject``.

    ``fused`` is float grey in [0, 1], or 8-bit RGB.

    Where to look: where all sources see and any shows something. Without ``fuse``, which makes a fused image of
    changed layers, there is no retention (a picture made elsewhere cannot be made again); without a lesion there is
    no lesion contrast.
    """
    told, grey = intensities(subject.layers), grey_of(fused)
    looked = subject.common & (np.maximum(told.max(axis=0), grey) > _SHOWN)
    sources = np.stack([layer.grey for layer in subject.layers])
    figures = _recoverability(fused, subject, told)
    figures["invention"] = invention(grey, sources, looked).fraction
    if grey.ndim == 3 and len(grey) > 1:
        values = {name: row.function(grey[np.newaxis], sources[np.newaxis], subject.common[np.newaxis])
                  for name, row in VOLUME_METRICS.items()}
        figures.update({name: float(value[0]) for name, value in values.items()})
    if fuse is not None:
        figures.update(_retention(fuse, fused, subject))
    if subject.lesion is not None:
        pictures = [shown(layer) for layer in subject.layers]
        found = lesion_contrast(in_unit_range(fused), pictures, subject.lesion, subject.spacing, subject.common)
        figures["lesion_contrast"] = found.kept
    return figures


def _recoverability(fused: Array, subject: Subject, told: Array) -> dict[str, float]:
    inside = subject.common & (told.max(axis=0) > _SHOWN)
    found = recoverability(in_unit_range(fused), told, inside)
    names = [f"recoverability of {layer.name}" for layer in subject.layers]
    return {"recoverability": found.worse, **dict(zip(names, found.sources, strict=True))}


def _retention(fuse: Fuse, fused: Array, subject: Subject) -> dict[str, float]:
    found = retention(fuse, subject.plan, fused)
    each = {f"retention of {layer.name}": found.of(number) for number, layer in enumerate(subject.layers)}
    figures = {"retention": _least(list(each.values())), **each}
    if subject.hot_plan is not None:
        hot = retention(fuse, subject.hot_plan, fused)
        anatomical = [number for number, layer in enumerate(subject.layers) if layer.colour is None]
        figures["retention_hot"] = _least([hot.of(number) for number in anatomical])
    return figures


def _least(values: Sequence[float]) -> float:
    """The least of ``values`` that are numbers; NaN where none is."""
    known = [value for value in values if np.isfinite(value)]
    return min(known, default=float("nan"))
