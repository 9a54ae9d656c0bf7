"""Grids as their files told them, without what MRML's matrices have rounded."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from MedFusionLib.geometry import Geometry

_ROUNDED = 1e-14  # relative to the number, or to 1 below that
_DECIMALS = 9


def without_rounding(geometry: Geometry) -> Geometry:
    """``geometry`` with numbers that rounding has moved put back.

    Slicer inverts a volume's matrix when it reads the file, so that 838.614990234375 comes out 838.6149902343751. A
    number that is a 32-bit float (as NIfTI has) or a short decimal (as DICOM has), but for the last bits, is taken
    as such, or the same volume would be fused in other voxels by the command line.
    """
    return Geometry(_mended(geometry.spacing), _mended(geometry.origin), _mended(geometry.direction))


def _mended(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(next((near for near in (round(value, _DECIMALS), float(np.float32(value)))
                       if abs(near - value) <= _ROUNDED * max(1.0, abs(value))), value) for value in values)
