"""Bring a moving volume onto a fixed grid: once, from the original, with the modality's own background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.volume import Array, Volume


def background(volume: Volume) -> float:
    """The value outside the field of view: the modality's (CT: air, -1000 HU), kept within the volume's range."""
    if volume.is_colour:
        return 0.0
    values = volume.array
    return float(np.clip(volume.about.background, values.min(), values.max()))


def resample(
    moving: Volume,
    fixed: Volume,
    transform: sitk.Transform | Sequence[sitk.Transform],
    *,
    labels: bool = False,
) -> tuple[Volume, Array]:
    """``moving`` on ``fixed``'s grid, and the mask of voxels that lie in its field of view.

    ``transform`` maps points of fixed to points of moving (LPS, mm). Several are applied in the order given
    (the first to fixed's points) and are composed before the one interpolation. Grey values are interpolated
    linearly and become float32 (float64 stays); 8-bit RGB stays so; ``labels`` keeps type and values (nearest
    neighbour). The mask is boolean, indexed as ``fixed.array``; a voxel counts as inside up to the outer faces
    of moving's border voxels, half a voxel beyond their centres. Raises ``BadInput`` when dimensions differ.
    """
    from MedFusionLib.registration.transforms import compose

    chain = [transform] if isinstance(transform, sitk.Transform) else list(transform)
    for link in chain:
        if link.GetDimension() != fixed.dimension:
            raise BadInput(
                f"transform has {link.GetDimension()} dimensions, volume '{fixed.name}' has {fixed.dimension}",
                "Give a transform made for volumes of this kind",
            )
    if moving.dimension != fixed.dimension:
        raise BadInput(
            f"'{moving.name}' has {moving.dimension} dimensions, '{fixed.name}' has {fixed.dimension}",
            "Give two volumes or two pictures",
        )
    composed = compose(chain, fixed.dimension)
    if labels:
        inside = field_of_view(moving, fixed, composed)
        image = sitk.Resample(moving.image, fixed.image, composed, sitk.sitkNearestNeighbor, 0.0)
        return Volume(image, moving.modality, moving.name, moving.unit, fixed.frame_of_reference), inside
    return _interpolate(moving, fixed, composed)


def field_of_view(moving: Volume, fixed: Volume, transform: sitk.Transform) -> Array:
    """Where ``moving`` sees on ``fixed``'s grid, boolean (nearest neighbour reaches to the voxels' faces)."""
    everywhere = sitk.Image(moving.image.GetSize(), sitk.sitkUInt8) + 1
    everywhere.CopyInformation(moving.image)
    seen = sitk.Resample(everywhere, fixed.image, transform, sitk.sitkNearestNeighbor, 0.0)
    return np.asarray(sitk.GetArrayFromImage(seen) > 0)


def _interpolate(moving: Volume, fixed: Volume, transform: sitk.Transform) -> tuple[Volume, Array]:
    """Linear interpolation; the outside is marked NaN first, so that one pass gives values and mask."""
    wide = moving.image.GetPixelID() == sitk.sitkFloat64
    kind = sitk.sitkVectorFloat32 if moving.is_colour else (sitk.sitkFloat64 if wide else sitk.sitkFloat32)
    values = sitk.GetArrayFromImage(
        sitk.Resample(sitk.Cast(moving.image, kind), fixed.image, transform, sitk.sitkLinear, float("nan"))
    )
    inside = np.isfinite(values[..., 0] if moving.is_colour else values)
    values[~inside] = background(moving)
    if moving.is_colour:
        values = np.rint(values).astype(np.uint8)
    moved = fixed.like(
        values, modality=moving.modality, name=moving.name, unit=moving.unit, path=None,
        frame_of_reference=fixed.frame_of_reference,
    )
    return moved, inside
