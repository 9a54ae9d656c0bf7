"""How true the colours of a fused image are to the functional source, where that source is bright."""

from __future__ import annotations

from typing import Any

import numpy as np

from MedFusionLib.colour import to_lab
from MedFusionLib.errors import BadInput

_LEAST_CHROMA = 5.0


def hue_and_chroma_error(fused: Any, functional: Any, bright: Any) -> tuple[float, float]:
    """The mean hue difference (degrees, 0 to 180) and mean chroma difference (CIELAB units) over ``bright``.

    ``fused`` and ``functional`` are RGB in [0, 1] with a last axis of 3; ``bright`` is the boolean mask of the
    voxels to look at. Chroma difference is |C*(fused) - C*(functional)|; hue is compared where both have a chroma
    of at least 5 (grey has no hue). NaN for the hue when no voxel has one, and for both when nothing is bright.
    """
    if fused.shape != functional.shape or fused.shape[:-1] != bright.shape:
        raise BadInput(
            f"fused {fused.shape}, functional {functional.shape} and mask {bright.shape} do not fit",
            "Give RGB with a last axis of 3, and a mask without it",
        )
    if not bright.any():
        return float("nan"), float("nan")
    made, wanted = to_lab(fused[bright])[:, 1:], to_lab(functional[bright])[:, 1:]
    chroma_made, chroma_wanted = np.hypot(*made.T), np.hypot(*wanted.T)
    chroma_error = float(np.abs(chroma_made - chroma_wanted).mean())
    coloured = (chroma_made >= _LEAST_CHROMA) & (chroma_wanted >= _LEAST_CHROMA)
    if not coloured.any():
        return float("nan"), chroma_error
    angles = np.arctan2(made[coloured, 1], made[coloured, 0]) - np.arctan2(wanted[coloured, 1], wanted[coloured, 0])
    hue = np.degrees(np.abs((angles + np.pi) % (2 * np.pi) - np.pi))
    return float(hue.mean()), chroma_error


def hue_error(fused: Any, functional: Any, bright: Any) -> float:
    """The mean hue difference in degrees, 0 to 180, as :func:`hue_and_chroma_error` has it; lower is better."""
    return hue_and_chroma_error(fused, functional, bright)[0]


def chroma_error(fused: Any, functional: Any, bright: Any) -> float:
    """The mean chroma difference in CIELAB units, as :func:`hue_and_chroma_error` has it; lower is better."""
    return hue_and_chroma_error(fused, functional, bright)[1]
