"""The engine for corresponding points: rigid, similarity and affine by least squares, thin-plate spline exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.registration.settings import Points, RegistrationSettings, Request
from MedFusionLib.registration.transforms import affine, centre, index_to_physical
from MedFusionLib.volume import Array, Volume

TRANSFORMS = ("rigid", "similarity", "affine", "bspline")
NODE_MM = 5.0
MOST_NODES = 2_000_000
# Singular values below this share of the largest make points a line, or a plane.
FLAT = 1e-3


def available(settings: RegistrationSettings) -> str:
    """Always usable: the empty string."""
    return ""


def register(request: Request) -> sitk.Transform:
    """The transform (fixed to moving, LPS, mm) that takes the fixed points to the moving ones.

    "bspline" gives a thin-plate spline, sampled as a displacement field over fixed. Raises ``BadInput`` when
    points are missing, too few, not finite, doubled, or in a line (a plane, for affine).
    """
    if request.fixed_points is None or request.moving_points is None:
        raise BadInput("registration by landmarks needs point pairs, none were given", "Give a landmarks file")
    if request.settings.transform == "bspline":
        return thin_plate_spline(request.fixed_points, request.moving_points, request.fixed)
    return fit(request.settings.transform, request.fixed_points, request.moving_points)


def fit(kind: str, fixed: Points, moving: Points) -> sitk.AffineTransform:
    """The best "rigid", "similarity" or "affine" transform of ``fixed`` to ``moving`` points, shape (n, d), mm.

    Rigid and similarity: S. Umeyama, IEEE PAMI 13(4):376-380, 1991. Raises ``BadInput`` as ``register`` does.
    """
    if kind not in FITS:
        raise BadInput(f"no fit '{kind}' for landmarks", f"Use one of {', '.join(FITS)}")
    fixed, moving = _checked(fixed, moving, kind)
    return FITS[kind](fixed, moving)


def _checked(fixed: Points, moving: Points, kind: str) -> tuple[Points, Points]:
    """The points as arrays, when they can determine the transform."""
    fixed, moving = np.asarray(fixed, float), np.asarray(moving, float)
    if fixed.shape != moving.shape or fixed.ndim != 2:
        raise BadInput(f"fixed points {fixed.shape} and moving points {moving.shape} are no pairs", "Give pairs")
    count, dimension = fixed.shape
    full = kind in ("affine", "bspline")
    needed = dimension + 1 if full else dimension
    if count < needed:
        raise BadInput(f"{count} point pairs are too few for {kind}", f"Give at least {needed}")
    if not (np.isfinite(fixed).all() and np.isfinite(moving).all()):
        raise BadInput("a landmark has coordinates that are not finite", "Place it again")
    for name, points in (("fixed", fixed), ("moving", moving)):
        if len(np.unique(points.round(6), axis=0)) < count:
            raise BadInput(f"two {name} points lie on the same place", "Remove the double")
        spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        rank = int((spread > FLAT * spread[0]).sum())
        if rank < (dimension if full else dimension - 1):
            shape = "line" if rank == 1 else "plane"
            raise BadInput(f"the {name} points lie in one {shape}", f"Spread them; {kind} needs more than a {shape}")
    return fixed, moving


def _umeyama(fixed: Points, moving: Points, scaled: bool) -> sitk.AffineTransform:
    """Rotation (never a reflection), one scale when ``scaled``, and shift of least squared error."""
    fixed_mean, moving_mean = fixed.mean(axis=0), moving.mean(axis=0)
    source, target = fixed - fixed_mean, moving - moving_mean
    u, singular, vt = np.linalg.svd(target.T @ source / len(fixed))
    signs = np.ones(len(singular))
    signs[-1] = np.sign(np.linalg.det(u @ vt))
    scale = float((singular * signs).sum() / (source**2).sum(axis=1).mean()) if scaled else 1.0
    matrix = scale * (u * signs) @ vt
    return affine(matrix, moving_mean - matrix @ fixed_mean)


def _least_squares(fixed: Points, moving: Points) -> sitk.AffineTransform:
    """The affine map of least squared error."""
    middle = fixed.mean(axis=0)
    design = np.column_stack([fixed - middle, np.ones(len(fixed))])
    solution = np.linalg.lstsq(design, moving, rcond=None)[0]
    matrix = solution[:-1].T
    return affine(matrix, solution[-1] - matrix @ middle)


FITS: dict[str, Callable[[Points, Points], sitk.AffineTransform]] = {
    "rigid": lambda fixed, moving: _umeyama(fixed, moving, scaled=False),
    "similarity": lambda fixed, moving: _umeyama(fixed, moving, scaled=True),
    "affine": _least_squares,
}


def thin_plate_spline(fixed: Points, moving: Points, grid: Volume) -> sitk.Transform:
    """The thin-plate spline through all pairs, as a displacement field over ``grid`` with nodes about 5 mm apart.

    In three dimensions the kernel is r (Bookstein, IEEE PAMI 11(6):567-585, 1989; ``scipy``'s "linear"), in two
    r^2 log r. A field is what Slicer reads as a grid transform; beyond the volume's border the spline's affine
    part would be lost, so the field reaches a tenth of the extent further.
    """
    from scipy.interpolate import RBFInterpolator

    fixed, moving = _checked(fixed, moving, "bspline")
    kernel = "linear" if grid.dimension == 3 else "thin_plate_spline"
    spline = RBFInterpolator(fixed, moving - fixed, kernel=kernel, degree=1)
    field = _empty_field(grid)
    indices = np.indices(field.GetSize()).reshape(grid.dimension, -1).T.astype(float)
    nodes = index_to_physical(field, indices)
    values: Array = np.concatenate([spline(part) for part in np.array_split(nodes, max(1, len(nodes) // 50_000))])
    shaped = values.reshape(*field.GetSize(), grid.dimension)
    image = sitk.GetImageFromArray(
        np.ascontiguousarray(np.moveaxis(shaped, range(grid.dimension), range(grid.dimension)[::-1])), isVector=True
    )
    image.CopyInformation(field)
    return sitk.DisplacementFieldTransform(sitk.Cast(image, sitk.sitkVectorFloat64))


def _empty_field(grid: Volume) -> sitk.Image:
    """The grid of the displacement field: ``grid``'s box and a tenth on each side, nodes NODE_MM or more apart."""
    extent = np.array(grid.image.GetSize()) * np.array(grid.image.GetSpacing()) * 1.2
    step = max(NODE_MM, float((extent.prod() / MOST_NODES) ** (1 / grid.dimension)))
    if grid.dimension == 2:
        step = min(step, float(extent.max()) / 64)
    size = np.maximum(4, np.ceil(extent / step)).astype(int) + 1
    middle = centre(grid)
    direction = np.array(grid.image.GetDirection()).reshape(grid.dimension, grid.dimension)
    field = sitk.Image(size.tolist(), sitk.sitkUInt8)
    field.SetSpacing([step] * grid.dimension)
    field.SetDirection(grid.image.GetDirection())
    field.SetOrigin((middle - direction @ ((size - 1) * step / 2)).tolist())
    return field
