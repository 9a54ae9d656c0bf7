"""Transforms: composition, files that Slicer reads, and what a transform does to a body, in mm and degrees."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.registration.settings import Points
from MedFusionLib.volume import Array, Volume

SUFFIXES = (".h5", ".hdf5", ".tfm", ".txt", ".mat")


def flatten(transform: sitk.Transform) -> list[sitk.Transform]:
    """The simple transforms of a composite, nested ones too, in the order they act on a point."""
    exact = transform.Downcast()
    if isinstance(exact, sitk.CompositeTransform):
        # ITK applies the transform that was added last first.
        parts = [exact.GetNthTransform(i) for i in reversed(range(exact.GetNumberOfTransforms()))]
        return [simple for part in parts for simple in flatten(part)]
    if exact.GetTransformEnum() == sitk.sitkIdentity:
        return []
    return [exact]


def as_affine(transform: sitk.Transform) -> sitk.AffineTransform:
    """A linear transform as one affine (rotation, scale and shear in one matrix, centre at the origin)."""
    dimension = transform.GetDimension()
    origin = np.array(transform.TransformPoint([0.0] * dimension))
    # Images of the axes 1 m away keep the rounding of the difference small for far-away origins.
    columns = [np.array(transform.TransformPoint(list(1e3 * axis))) - origin for axis in np.eye(dimension)]
    matrix = np.stack(columns, axis=1) / 1e3
    return affine(matrix, origin)


def affine(matrix: Array, translation: Array) -> sitk.AffineTransform:
    """The affine transform x -> matrix x + translation (mm)."""
    result = sitk.AffineTransform(len(translation))
    result.SetMatrix(np.asarray(matrix, float).ravel().tolist())
    result.SetTranslation(np.asarray(translation, float).tolist())
    return result


def compose(transforms: Iterable[sitk.Transform], dimension: int = 3) -> sitk.Transform:
    """One transform that applies ``transforms`` in the order given; neighbouring linear ones become one affine."""
    chain: list[sitk.Transform] = []
    for part in (simple for transform in transforms for simple in flatten(transform)):
        if chain and chain[-1].IsLinear() and part.IsLinear():
            both = sitk.CompositeTransform([part, chain.pop()])
            part = as_affine(both)
        chain.append(part)
    if not chain:
        return sitk.AffineTransform(dimension)
    if len(chain) == 1:
        return as_affine(chain[0]) if chain[0].IsLinear() else chain[0]
    return sitk.CompositeTransform([as_affine(t) if t.IsLinear() else t for t in reversed(chain)])


def inverse(transform: sitk.Transform) -> sitk.Transform:
    """The inverse of a linear transform; raises ``BadInput`` for one that has no inverse in closed form."""
    if not transform.IsLinear():
        raise BadInput("a deformable transform has no inverse in closed form", "Swap fixed and moving")
    linear = as_affine(transform)
    matrix = np.array(linear.GetMatrix()).reshape(linear.GetDimension(), -1)
    if abs(np.linalg.det(matrix)) < 1e-12:
        raise BadInput("the transform flattens space (determinant 0)", "Give a transform that can be inverted")
    back: sitk.Transform = linear.GetInverse()
    return back


def save(transform: sitk.Transform, path: Path | str) -> Path:
    """Write an ITK transform file (.h5, .tfm) in double precision; a failure leaves no file behind."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(f"transform file '{path.name}' has an unknown ending", f"Use one of {', '.join(SUFFIXES[:3])}")
    if not path.parent.is_dir():
        raise BadInput(f"folder '{path.parent}' does not exist", "Make it first")
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        sitk.WriteTransform(compose([transform], transform.GetDimension()), str(part))
        part.replace(path)
    except RuntimeError as error:
        raise BadInput(f"transform file '{path}' cannot be written", _last_line(error)) from None
    finally:
        part.unlink(missing_ok=True)
    return path


def load(path: Path | str, dimension: int = 3) -> sitk.Transform:
    """Read an ITK transform file; raises ``BadInput`` when it is missing, damaged, empty or of another dimension."""
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"transform file '{path}' does not exist", "Check the path")
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(f"transform file '{path.name}' has an unknown ending", f"Use one of {', '.join(SUFFIXES)}")
    try:
        transform = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        what = f"transform file '{path}' cannot be read ({_last_line(error)})"
        raise BadInput(what, "Write it again as .h5 or .tfm") from None
    if transform.GetDimension() != dimension:
        raise BadInput(
            f"transform file '{path}' has {transform.GetDimension()} dimensions, {dimension} are needed",
            "Give a transform made for this kind of image",
        )
    if not np.isfinite([*transform.GetParameters(), *transform.GetFixedParameters()]).all():
        raise BadInput(f"transform file '{path}' holds values that are not finite", "Write it again")
    return compose([transform], dimension)


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def apply(transform: sitk.Transform, points: Points) -> Points:
    """The images of ``points``, shape (n, dimension), LPS, mm."""
    return np.array([transform.TransformPoint(point) for point in np.asarray(points, float).tolist()])


def sample_points(volume: Volume, mask: Array | None = None, count: int = 2000) -> Points:
    """About ``count`` voxel centres (LPS, mm, shape (n, dimension)) evenly over ``volume`` or its boolean ``mask``."""
    shape = volume.image.GetSize()
    if mask is None:
        side = int(np.ceil(count ** (1 / volume.dimension)))
        axes = [np.linspace(0, n - 1, min(n, side)) for n in shape]
        indices = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, volume.dimension)
    else:
        inside = np.flatnonzero(mask)
        chosen = inside[np.linspace(0, len(inside) - 1, min(count, len(inside))).astype(int)]
        indices = np.stack(np.unravel_index(chosen, mask.shape), axis=-1)[:, ::-1].astype(float)
    return index_to_physical(volume.image, indices)


def index_to_physical(image: sitk.Image, indices: Points) -> Points:
    """Physical points (LPS, mm) of continuous ``indices``, shape (n, dimension), in ITK's order (x, y, z)."""
    dimension = image.GetDimension()
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)
    return np.asarray(np.array(image.GetOrigin()) + indices * np.array(image.GetSpacing()) @ direction.T)


def centre(volume: Volume) -> Points:
    """The middle of ``volume``'s grid (LPS, mm), shape (dimension,)."""
    middle = (np.array(volume.image.GetSize(), float) - 1) / 2
    return np.asarray(index_to_physical(volume.image, middle[np.newaxis])[0])


def rotation_degrees(transform: sitk.Transform) -> float:
    """The angle in degrees of the rotation nearest to the transform's linear part (polar decomposition)."""
    parts = [part for part in flatten(transform) if part.IsLinear()]
    dimension = transform.GetDimension()
    linear = as_affine(compose(parts, dimension))
    u, _, vt = np.linalg.svd(np.array(linear.GetMatrix()).reshape(dimension, dimension))
    rotation = u @ np.diag([1.0] * (dimension - 1) + [float(np.sign(np.linalg.det(u @ vt)))]) @ vt
    cosine = (np.trace(rotation) - (dimension - 2)) / 2
    # The sine from the skew part keeps small angles exact where the cosine is flat.
    skew = rotation - rotation.T
    sine = float(np.linalg.norm(skew) / (2 * np.sqrt(2)))
    return float(np.degrees(np.arctan2(sine, cosine)))


def shift_mm(transform: sitk.Transform, centre: Sequence[float] | Array) -> float:
    """How far the transform moves the point ``centre`` (LPS, mm), such as the centre of the body."""
    start = np.asarray(centre, float)
    return float(np.linalg.norm(np.array(transform.TransformPoint(start.tolist())) - start))


def distances(first: sitk.Transform, second: sitk.Transform, points: Points) -> Points:
    """The distance in mm between the images of each of ``points`` under two transforms."""
    return np.asarray(np.linalg.norm(apply(first, points) - apply(second, points), axis=1))


def jacobian_range(
    transform: sitk.Transform, volume: Volume, inside: Array | None = None, spacing: float = 4.0
) -> tuple[float, float]:
    """The least and greatest determinant of the Jacobian over ``volume``, looked at every ``spacing`` mm.

    Only where ``inside`` (boolean, indexed as ``volume.array``) is true, if it is so anywhere. 1 keeps volume; 0 or
    less is folding. Below 0.2 or above 5 is not anatomy.
    """
    extent = np.array(volume.image.GetSize()) * np.array(volume.image.GetSpacing())
    size = np.maximum(4, np.ceil(extent / spacing)).astype(int)
    step = extent / size
    direction = np.array(volume.image.GetDirection()).reshape(volume.dimension, volume.dimension)
    # One node more on each side: the derivative at the field's own border is one-sided and wrong.
    origin = centre(volume) - direction @ ((size + 1) * step / 2)
    field = sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, (size + 2).tolist(), origin.tolist(), step.tolist(),
        volume.image.GetDirection(),
    )
    values = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field))
    values = values[(slice(1, -1),) * volume.dimension]
    if inside is not None and inside.any():
        # The voxel that each node lies in; coarse nodes may all miss a small region.
        places = [((np.arange(nodes) + 0.5) * voxels / nodes).astype(int)
                  for nodes, voxels in zip(values.shape, inside.shape, strict=True)]
        seen = inside[np.ix_(*places)]
        values = values[seen] if seen.any() else values
    return float(values.min()), float(values.max())
