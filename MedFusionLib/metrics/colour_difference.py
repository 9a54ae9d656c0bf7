"""The colour difference CIEDE2000 between a fused image and its functional source."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from MedFusionLib.colour import to_lab
from MedFusionLib.errors import BadInput

Real = npt.NDArray[np.float64]


def ciede2000(fused: Any, functional: Any, bright: Any) -> float:
    """The mean CIEDE2000 difference of ``fused`` to ``functional`` over ``bright``.

    Sharma, Wu and Dalal 2005 (CIE 142-2001, all weights 1), on CIELAB of sRGB under D65. ``fused`` and
    ``functional`` are RGB in [0, 1] with a last axis of 3; ``bright`` is the boolean mask of the voxels to look at.
    At least 0, about 1 is just seen; lower is better. Fooled by leaving out the anatomy: a copy of the functional
    source has 0, and fused luma counts as an error. NaN when nothing is bright. Raises ``BadInput`` for shapes that
    do not fit.
    """
    if fused.shape != functional.shape or fused.shape[:-1] != bright.shape:
        raise BadInput(
            f"fused {fused.shape}, functional {functional.shape} and mask {bright.shape} do not fit",
            "Give RGB with a last axis of 3, and a mask without it",
        )
    if not bright.any():
        return float("nan")
    return float(difference(to_lab(fused[bright]), to_lab(functional[bright])).mean())


def difference(one: Real, other: Real) -> Real:
    """CIEDE2000 of CIELAB colours (..., 3), equations 2 to 22 of Sharma, Wu and Dalal."""
    chroma = (np.hypot(*np.moveaxis(one[..., 1:], -1, 0)) + np.hypot(*np.moveaxis(other[..., 1:], -1, 0))) / 2
    stretch = 1.0 + 0.5 * (1.0 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))
    (light, chromas, hues), (light_2, chromas_2, hues_2) = (_polar(colour, stretch) for colour in (one, other))
    coloured = chromas * chromas_2 > 0
    turn = np.where(coloured, (hues_2 - hues + 180.0) % 360.0 - 180.0, 0.0)
    hue_step = 2.0 * np.sqrt(chromas * chromas_2) * np.sin(np.radians(turn / 2.0))
    mean_light, mean_chroma = (light + light_2) / 2, (chromas + chromas_2) / 2
    mean_hue = np.where(coloured, _mean_hue(hues, hues_2), hues + hues_2)
    light_scale = 1.0 + 0.015 * (mean_light - 50.0) ** 2 / np.sqrt(20.0 + (mean_light - 50.0) ** 2)
    chroma_scale = 1.0 + 0.045 * mean_chroma
    hue_scale = 1.0 + 0.015 * mean_chroma * _hue_factor(mean_hue)
    parts = (light_2 - light) / light_scale, (chromas_2 - chromas) / chroma_scale, hue_step / hue_scale
    squared = sum(part**2 for part in parts) + _rotation(mean_hue, mean_chroma) * parts[1] * parts[2]
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def _polar(colour: Real, stretch: Real) -> tuple[Real, Real, Real]:
    """Lightness, chroma and hue (degrees, 0 to 360) with the red-green axis stretched."""
    red = colour[..., 1] * stretch
    return colour[..., 0], np.hypot(red, colour[..., 2]), np.degrees(np.arctan2(colour[..., 2], red)) % 360.0


def _mean_hue(one: Real, other: Real) -> Real:
    middle = (one + other) / 2
    far = np.abs(one - other) > 180.0
    return np.asarray(np.where(far, np.where(one + other < 360.0, middle + 180.0, middle - 180.0), middle))


def _hue_factor(hue: Real) -> Real:
    angles = ((-0.17, 1.0, -30.0), (0.24, 2.0, 0.0), (0.32, 3.0, 6.0), (-0.20, 4.0, -63.0))
    return np.asarray(1.0 + sum(size * np.cos(np.radians(times * hue + shift)) for size, times, shift in angles))


def _rotation(hue: Real, chroma: Real) -> Real:
    angle = 60.0 * np.exp(-(((hue - 275.0) / 25.0) ** 2))
    return np.asarray(-np.sin(np.radians(angle)) * 2.0 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))
