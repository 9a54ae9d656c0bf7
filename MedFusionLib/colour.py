"""Colour: colour maps of nuclear medicine, luma, mixed colours and CIELAB.

Luma is that of ITU-R BT.601 (full range), the convention of the fusion literature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from MedFusionLib.errors import BadInput

FloatArray = npt.NDArray[np.float32]

# Knots (index, red, green, blue) between which the map is linear; the last four are the DICOM well-known
# palettes of PS3.6, annex B.
COLOUR_MAPS: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "grey": ((0, 0, 0, 0), (255, 255, 255, 255)),
    "fire": ((0, 0, 0, 0), (85, 160, 0, 60), (170, 255, 110, 0), (255, 255, 235, 0)),
    "rainbow": (
        (0, 0, 0, 0),
        (32, 0, 0, 160),
        (80, 0, 130, 255),
        (128, 0, 210, 60),
        (176, 255, 230, 0),
        (224, 255, 60, 0),
        (255, 255, 0, 0),
    ),
    "hot iron": ((0, 0, 0, 0), (128, 255, 0, 0), (191, 255, 126, 0), (255, 255, 255, 255)),
    "PET": ((0, 0, 0, 0), (63, 0, 128, 125), (128, 128, 0, 255), (192, 255, 128, 0), (255, 255, 255, 255)),
    "hot metal blue": (
        (0, 0, 0, 0),
        (85, 0, 0, 167),
        (102, 50, 0, 200),
        (119, 90, 0, 150),
        (136, 140, 32, 50),
        (153, 190, 64, 0),
        (170, 255, 96, 0),
        (240, 255, 228, 206),
        (255, 255, 255, 255),
    ),
    "PET 20 step": (
        (0, 0, 0, 0),
        (13, 96, 0, 80),
        (26, 48, 48, 80),
        (39, 48, 48, 112),
        (51, 80, 80, 128),
        (64, 96, 96, 176),
        (77, 112, 112, 192),
        (90, 128, 128, 224),
        (102, 48, 96, 48),
        (115, 48, 144, 48),
        (128, 80, 192, 80),
        (141, 64, 224, 64),
        (153, 224, 224, 80),
        (166, 208, 208, 96),
        (179, 208, 176, 64),
        (192, 208, 144, 0),
        (204, 192, 96, 0),
        (217, 176, 48, 0),
        (230, 255, 0, 0),
        (243, 255, 255, 255),
    ),
}
STEPPED = frozenset({"PET 20 step"})

#: What red, green and blue weigh in the luma of ITU-R BT.601.
LUMA = (0.299, 0.587, 0.114)
_LUMA = np.array(LUMA, dtype=np.float32)
_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)


def colour_table(name: str) -> npt.NDArray[np.uint8]:
    """The 256 x 3 table of the colour map ``name``; raises ``BadInput`` when there is none of that name."""
    if name not in COLOUR_MAPS:
        raise BadInput(f"colour map '{name}' is not known", f"Use one of {', '.join(COLOUR_MAPS)}")
    knots = np.array(COLOUR_MAPS[name])
    index = np.arange(256)
    if name in STEPPED:
        return knots[np.searchsorted(knots[:, 0], index, side="right") - 1, 1:].astype(np.uint8)
    columns = [np.interp(index, knots[:, 0], knots[:, channel]) for channel in (1, 2, 3)]
    return np.round(np.stack(columns, axis=-1)).astype(np.uint8)


def to_colour(normalised: FloatArray, name: str) -> FloatArray:
    """Intensities in [0, 1] through the colour map ``name``: RGB in [0, 1], one more axis of 3 at the end."""
    table = colour_table(name).astype(np.float32) / 255.0
    place = np.clip(normalised, 0.0, 1.0) * 255.0
    if name in STEPPED:
        return table[np.round(place).astype(np.uint8)]
    low = np.minimum(place.astype(np.uint8), 254)
    share = (place - low)[..., np.newaxis].astype(np.float32)
    coloured: FloatArray = table[low] + share * (table[low + 1] - table[low])
    return coloured


def luma(rgb: FloatArray) -> FloatArray:
    """BT.601 luma of RGB in [0, 1] (last axis 3): the weighted sum .299 R + .587 G + .114 B."""
    return np.asarray(rgb @ _LUMA, dtype=np.float32)


def mix_colours(coloured: list[FloatArray]) -> FloatArray:
    """One colour picture of several functional ones: at each voxel their mean, weighted by their luma."""
    if len(coloured) == 1:
        return coloured[0]
    weights = [luma(picture)[..., np.newaxis] for picture in coloured]
    total = np.maximum(np.sum(weights, axis=0), np.finfo(np.float32).tiny)
    weighted = [weight * picture for weight, picture in zip(weights, coloured, strict=True)]
    return np.asarray(np.sum(weighted, axis=0) / total, dtype=np.float32)


def to_lab(rgb: FloatArray) -> npt.NDArray[np.float64]:
    """CIELAB (CIE 15:2004, D65, 2 degrees) of sRGB (IEC 61966-2-1) in [0, 1], last axis 3."""
    value = rgb.astype(np.float64)
    linear = np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92)
    ratio = linear @ _TO_XYZ.T / np.array([0.95047, 1.0, 1.08883])
    curve = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16.0 / 116.0)
    x, y, z = np.moveaxis(curve, -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)
