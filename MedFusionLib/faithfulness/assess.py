"""All faithfulness figures of one fused image, under the names of the table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MedFusionLib.cuts import in_unit_range, shown
from MedFusionLib.faithfulness.invention import invention
from MedFusionLib.faithfulness.lesion import lesion_contrast
from MedFusionLib.faithfulness.recoverability import recoverability
from MedFusionLib.faithfulness.retention import Fuse, retention
from MedFusionLib.faithfulness.told import grey_of, intensities
from MedFusionLib.layers import Layer
from MedFusionLib.volume import Array

#: A functional source is hot where the largest of R, G and B is at least this.
HOT = 0.5
_SHOWN = 0.02
_VISIBLE = 0.05


def assess(
    fused: Array,
    layers: Sequence[Layer],
    spacing: Sequence[float],
    fuse: Fuse | None = None,
    lesion: Array | None = None,
) -> dict[str, float]:
    """The figures of ``faithfulness.FIGURES`` for ``fused`` (float grey in [0, 1], or 8-bit RGB) of ``layers``.

    ``spacing`` is in mm in the order of the array's axes. Where to look: where all layers see and any shows something.
    Without ``fuse``, which makes a fused image of changed layers, there is no retention (a picture made elsewhere
    cannot be made again); without a ``lesion`` (boolean) there is no lesion contrast.
    """
    common = np.logical_and.reduce([layer.validity for layer in layers])
    told = intensities(layers)
    looked = common & (np.maximum(told.max(axis=0), grey_of(fused)) > _SHOWN)
    figures = _recoverability(fused, layers, told, common)
    figures["invention"] = invention(grey_of(fused), np.stack([layer.grey for layer in layers]), looked).fraction
    if fuse is not None:
        figures.update(_retention(fuse, fused, layers, spacing, common))
    if lesion is not None:
        kept = lesion_contrast(in_unit_range(fused), [shown(layer) for layer in layers], lesion, spacing, common).kept
        figures["lesion_contrast"] = kept
    return figures


def _recoverability(fused: Array, layers: Sequence[Layer], told: Array, common: Array) -> dict[str, float]:
    found = recoverability(in_unit_range(fused), told, common & (told.max(axis=0) > _SHOWN))
    each = {f"recoverability of {layer.name}": value for layer, value in zip(layers, found.sources, strict=True)}
    return {"recoverability": found.worse, **each}


def _retention(
    fuse: Fuse, fused: Array, layers: Sequence[Layer], spacing: Sequence[float], common: Array
) -> dict[str, float]:
    visible = common & (np.max([layer.grey for layer in layers], axis=0) > _VISIBLE)
    found = retention(fuse, layers, spacing, visible, fused=fused)
    each = {f"retention of {layer.name}": found.of(number) for number, layer in enumerate(layers)}
    figures = {"retention": _least(list(each.values())), **each}
    hot = np.any([layer.colour.max(axis=-1) >= HOT for layer in layers if layer.colour is not None], axis=0)
    if np.any(hot):
        anatomical = [number for number, layer in enumerate(layers) if layer.colour is None]
        inside = retention(fuse, layers, spacing, common & hot, anatomical, fused=fused)
        figures["retention_hot"] = _least([inside.of(number) for number in anatomical])
    return figures


def _least(values: Sequence[float]) -> float:
    """The least of ``values`` that are numbers; NaN where none is."""
    known = [value for value in values if np.isfinite(value)]
    return min(known, default=float("nan"))
