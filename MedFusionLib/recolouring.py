"""Putting fused luma and kept chroma together, hue held where colour is made stronger or paler."""

from __future__ import annotations

import math
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from MedFusionLib.arrays import array_namespace
from MedFusionLib.colour import LUMA, FloatArray, luma, to_lab

#: How far hue may turn, in degrees of CIELAB: about what the eye begins to see.
HUE_TOLERANCE = 3.0
# R - Y and B - Y over these are Cr and Cb of ITU-R BT.601.
_RED, _BLUE = 1.402, 1.772
# Steps of the table of hues: luma, angle and length of chroma, which is shorter than _LONGEST.
_LUMAS, _ANGLES, _LENGTHS = 32, 128, 32
_LONGEST = 0.6


def recolour(fused_luma: FloatArray, coloured: FloatArray, strength: FloatArray | None = None) -> FloatArray:
    """The colour picture with luma ``fused_luma`` and the chroma (R-Y, G-Y, B-Y) of ``coloured``.

    Where that leaves the RGB cube the chroma is shortened toward grey just enough, so that luma and hue stay and only
    saturation gives way. ``strength`` says how strong the colour is to be: 0 is grey, .5 as strong as in ``coloured``,
    1 twice as strong; None: .5, the plain chroma as the literature keeps it. With a strength CIELAB's hue is held: R-Y
    and B-Y in proportion do not keep it (blue that pales turns toward cyan), so that the chroma is turned back as far
    as its hue is more than ``HUE_TOLERANCE`` degrees off; to first order, so that a pure blue may keep a few more.
    Arrays in [0, 1]; shapes (...), (..., 3) and (...).
    """
    own = luma(coloured)
    red, green, blue = (coloured[..., channel] - own for channel in range(3))
    if strength is not None:
        size = 2.0 * strength
        shown = size * _room(fused_luma, size * red, size * green, size * blue)
        red, blue = turn_chroma((own, red, blue), (fused_luma, shown * red, shown * blue))
        red, blue = size * red, size * blue
        green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1]
    scale = _room(fused_luma, red, green, blue)
    mixed = np.stack([fused_luma + scale * part for part in (red, green, blue)], axis=-1)
    return np.asarray(np.clip(mixed, 0.0, 1.0), dtype=np.float32)


def _room(grey: FloatArray, *chroma: FloatArray) -> FloatArray:
    """The part of ``chroma`` (R-Y, G-Y, B-Y) that fits into the RGB cube at luma ``grey``: at most 1."""
    most, least = reduce(np.maximum, chroma), reduce(np.minimum, chroma)
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = np.fmax(most / (1.0 - grey), -least / grey)
    return np.asarray(1.0 / np.fmax(beyond, 1.0), dtype=np.float32)


def turn_chroma(own: tuple[Any, Any, Any], shown: tuple[Any, Any, Any]) -> tuple[Any, Any]:
    """R-Y and B-Y of ``own``, turned so that they have its CIELAB hue where they are shown as ``shown``.

    Both are (luma, R-Y, B-Y), in the same direction from grey, arrays of one shape (numpy or torch); no gradient
    through the angle. A turn of up to ``HUE_TOLERANCE`` is left out.
    """
    xp = array_namespace(own[0])
    red, blue = own[1] / _RED, own[2] / _BLUE
    angle = _step(xp, xp.atan2(blue, red) / (2.0 * math.pi) + 0.5, _ANGLES)
    turn = _hue(xp, own, angle) - _hue(xp, shown, angle)
    turn = turn - 2.0 * math.pi * xp.round(turn / (2.0 * math.pi))
    tolerance = math.radians(HUE_TOLERANCE)
    turn = turn - xp.clip(turn, -tolerance, tolerance)
    cosine, sine = xp.cos(turn), xp.sin(turn)
    return _RED * (red * cosine + blue * sine), _BLUE * (blue * cosine - red * sine)


def _hue(xp: Any, colour: tuple[Any, Any, Any], angle: Any) -> Any:
    """CIELAB's hue of ``colour``, whose chroma lies at the table's step ``angle``."""
    grey, red, blue = colour
    length = xp.sqrt((red / _RED) ** 2 + (blue / _BLUE) ** 2)
    table = xp.asarray(_hues(), device=grey.device)
    return table[_step(xp, grey, _LUMAS), angle, _step(xp, length / _LONGEST, _LENGTHS)]


def _step(xp: Any, part: Any, steps: int) -> Any:
    """Which of ``steps`` the share ``part`` in [0, 1] of a whole falls into."""
    return xp.clip(xp.astype(part * steps, xp.int64), 0, steps - 1)


@lru_cache(maxsize=1)
def _hues() -> FloatArray:
    """CIELAB's hue (radians) at the middle of each step of luma, angle and length of chroma.

    The angle is from Cr toward Cb, -pi to pi; hue runs the other way round.
    """
    grey = (np.arange(_LUMAS) + 0.5)[:, None, None] / _LUMAS
    angle = ((np.arange(_ANGLES) + 0.5) / _ANGLES - 0.5)[:, None] * 2.0 * math.pi
    length = (np.arange(_LENGTHS) + 0.5) * _LONGEST / _LENGTHS
    red, blue = _RED * length * np.cos(angle), _BLUE * length * np.sin(angle)
    green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1]
    rgb = np.clip(np.stack([grey + part for part in (red, green, blue)], axis=-1), 0.0, 1.0)
    lab = to_lab(rgb.astype(np.float32))
    return np.arctan2(lab[..., 2], lab[..., 1]).astype(np.float32)
