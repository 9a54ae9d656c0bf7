"""What a fused image and its layers show, as numbers in [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MedFusionLib.colour import FloatArray, luma
from MedFusionLib.layers import Layer
from MedFusionLib.volume import Array


def in_unit_range(fused: Array) -> FloatArray:
    """A fused image in [0, 1]: 8-bit RGB is scaled, float grey is as it is."""
    scale = np.float32(255.0 if fused.dtype == np.uint8 else 1.0)
    return np.asarray(fused / scale, np.float32)


def grey_of(fused: Array) -> FloatArray:
    """The luma of 8-bit RGB, in [0, 1]; float grey as it is."""
    return luma(in_unit_range(fused)) if fused.dtype == np.uint8 else in_unit_range(fused)


def intensities(layers: Sequence[Layer]) -> FloatArray:
    """What each layer tells, (source, *spatial): its grey, or the mean of R, G and B of a coloured one."""
    told = [layer.grey if layer.colour is None else layer.colour.mean(axis=-1) for layer in layers]
    return np.stack(told).astype(np.float32)
