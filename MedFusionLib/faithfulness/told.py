"""What a fused image and its layers tell in one number a voxel, in [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MedFusionLib.colour import FloatArray, luma
from MedFusionLib.cuts import in_unit_range
from MedFusionLib.layers import Layer
from MedFusionLib.volume import Array


def grey_of(fused: Array) -> FloatArray:
    """The luma of 8-bit RGB, in [0, 1]; float grey as it is."""
    return luma(in_unit_range(fused)) if fused.dtype == np.uint8 else np.asarray(fused, np.float32)


def intensities(layers: Sequence[Layer]) -> FloatArray:
    """What each layer tells, (source, *spatial): its grey, or the mean of R, G and B of a coloured one."""
    told = [layer.grey if layer.colour is None else layer.colour.mean(axis=-1) for layer in layers]
    return np.stack(told).astype(np.float32)
