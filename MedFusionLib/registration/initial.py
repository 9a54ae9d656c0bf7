"""Where a registration starts: centres of the grids, centres of mass, point pairs, a file, or nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.registration.settings import Points, Request
from MedFusionLib.registration.transforms import affine, centre, index_to_physical, load


def start(request: Request) -> sitk.Transform:
    """The request's own start if it has one, else the one that its settings name (fixed to moving, LPS, mm).

    Raises ``BadInput`` for landmarks without points and for a transform file that cannot be read.
    """
    if request.initial is not None:
        return request.initial
    maker = INITIALS.get(request.settings.initial)
    return maker(request) if maker else load(request.settings.initial, request.fixed.dimension)


def geometry(request: Request) -> sitk.Transform:
    """The shift of the centre of fixed's grid to the centre of moving's; independent of the values."""
    return _shift(centre(request.fixed), centre(request.moving))


def moments(request: Request) -> sitk.Transform:
    """The shift of the body's centre of mass in fixed to that in moving.

    Misleads where the volumes cover different parts of the body (facts: 34 to 39 mm off), so it is never the default.
    """
    from MedFusionLib.registration.masks import body

    centres = []
    for volume, mask in ((request.fixed, request.fixed_mask), (request.moving, request.moving_mask)):
        inside = mask.array != 0 if mask is not None else body(volume)
        indices = np.argwhere(inside)[:, ::-1].astype(float)
        centres.append(index_to_physical(volume.image, indices.mean(axis=0, keepdims=True))[0])
    return _shift(*centres)


def landmarks(request: Request) -> sitk.Transform:
    """The rigid transform that fits the request's point pairs best in the least-squares sense."""
    from MedFusionLib.registration.landmarks import fit

    if request.fixed_points is None or request.moving_points is None:
        raise BadInput("a start from landmarks needs point pairs, none were given", "Give a landmarks file")
    return fit("rigid", request.fixed_points, request.moving_points)


def none(request: Request) -> sitk.Transform:
    """The identity: the volumes' own coordinates are believed."""
    return sitk.AffineTransform(request.fixed.dimension)


INITIALS: dict[str, Callable[[Request], sitk.Transform]] = {
    "geometry": geometry, "moments": moments, "landmarks": landmarks, "none": none,
}


def _shift(fixed: Points, moving: Points) -> sitk.Transform:
    return affine(np.eye(len(fixed)), moving - fixed)
