"""Measuring a fused volume that is already there against its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from MedFusionLib.door import check, check_mask, check_sources
from MedFusionLib.errors import BadInput
from MedFusionLib.intensity import Window, choose_window
from MedFusionLib.layers import prepare_layer
from MedFusionLib.measure import measure
from MedFusionLib.metrics import METRICS
from MedFusionLib.recipe import WindowRecipe
from MedFusionLib.registration.masks import same_grid
from MedFusionLib.volume import Array, Volume


def evaluate(
    fused: Volume,
    sources: Sequence[Volume],
    mask: Volume | None = None,
    windows: Mapping[str, WindowRecipe] | None = None,
) -> dict[str, float]:
    """The metrics of ``fused`` against ``sources`` on one grid, where ``mask`` is non-zero.

    ``fused`` is grey in [0, 1], 8-bit, or RGB (then its luma is measured, and its colours against the functional
    sources). ``windows`` are by a source's name or modality. Raises ``BadInput`` when grids or ranges do not fit, also
    that of ``mask``.
    """
    for volume in (fused, *sources):
        check(volume)
    sources = check_sources(sources)
    for volume in sources:
        if not same_grid(volume.image, fused.image):
            raise BadInput(f"{volume.name} and {fused.name} have different grids", "Give the aligned sources")
    if mask is not None:
        check_mask(mask, fused)
    windows = windows or {}
    inside = np.ones(sources[0].array.shape[: sources[0].dimension], bool) if mask is None else mask.array != 0
    layers = []
    for volume in sources:
        window = choose_window(volume, windows.get(volume.name, windows.get(volume.modality)))
        colour_map = "own" if volume.is_colour else volume.about.colour_map if fused.is_colour else "grey"
        layers.append(prepare_layer(volume, inside, window, colour_map))
    return measure(in_range(fused), layers, tuple(METRICS), fused.image.GetSpacing()[::-1])


def in_range(fused: Volume) -> Array:
    """The voxels of a fused volume: grey in [0, 1] as float32, or 8-bit RGB; raises ``BadInput`` for other ranges."""
    array = fused.array
    if fused.is_colour:
        return array
    if array.dtype == np.uint8:
        return Window(0.0, 255.0).apply(array)
    if array.min() < 0.0 or array.max() > 1.0:
        raise BadInput(
            f"{fused.name} ranges from {array.min():g} to {array.max():g}",
            "Give a fused volume in [0, 1], 8-bit or RGB",
        )
    return np.asarray(array, np.float32)
