"""The figures of one fused volume against its layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MedFusionLib.colour import FloatArray, luma
from MedFusionLib.layers import Layer
from MedFusionLib.metrics import figures
from MedFusionLib.volume import Array

_BRIGHT = 0.5


def measure(
    fused: Array,
    layers: Sequence[Layer],
    names: Sequence[str],
    spacing: Sequence[float],
    fused_luma: FloatArray | None = None,
) -> dict[str, float]:
    """The metrics ``names`` of ``fused`` (grey in [0, 1] or 8-bit RGB), and the colour errors of an RGB one.

    ``names`` may hold those of sets: basic, panel, all. Metrics are taken on luma where all sources see (their
    common field of view; everywhere if there is none). Colour errors are the mean hue difference in degrees and
    chroma difference in CIELAB units where the functional source is bright (largest of R, G, B at least one half).
    ``spacing`` is in mm in the order of the array's axes. ``fused_luma`` is the luma before colour was put back and
    rounded to 8 bits, for figures as papers take them.
    """
    colour = fused.dtype == np.uint8
    rgb = fused.astype(np.float32) / np.float32(255.0) if colour else None
    shown = fused if rgb is None else luma(rgb)
    grey = shown if fused_luma is None else fused_luma
    common = np.logical_and.reduce([layer.validity for layer in layers])
    mask = None if common.all() or not common.any() else common[np.newaxis]
    sources = np.stack([layer.grey for layer in layers])[np.newaxis]
    measured = figures(grey[np.newaxis], sources, names, mask, spacing)
    named = {name: float(values[0]) for name, values in measured.items()}
    if rgb is not None:
        named.update(_colour_errors(rgb, layers))
    return named


def _colour_errors(rgb: Array, layers: Sequence[Layer]) -> dict[str, float]:
    from MedFusionLib.metrics.chroma import hue_and_chroma_error

    coloured = [layer for layer in layers if layer.colour is not None]
    errors = {}
    for layer in coloured:
        assert layer.colour is not None
        bright = layer.validity & (layer.colour.max(axis=-1) >= _BRIGHT)
        hue, chroma = hue_and_chroma_error(rgb, layer.colour, bright)
        owner = f" of {layer.name}" if len(coloured) > 1 else ""
        errors[f"hue_error{owner}"], errors[f"chroma_error{owner}"] = hue, chroma
    return errors
