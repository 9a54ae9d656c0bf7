"""Masks: where the body is, by modality, and the check of a mask that a user gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.registration.prepare import luminance
from MedFusionLib.volume import Array, Volume

SKIN_HU = -400.0
OPENING_MM = 4.0
TABLE_SHARE = 0.15


def body(volume: Volume) -> Array:
    """The body as a boolean array indexed as ``volume.array``: air, table and small things left out, holes filled.

    CT in HU is cut at -400 HU (skin against air). Other volumes are cut at Otsu's threshold of the square root
    of the values, halved, which keeps dim tissue beside bright fat or tracer. Parts that an opening of 4 mm
    parts from the largest and that have less than 15 % of its volume (table, cables, noise) go. A volume in
    which nothing is found gives a mask that is true everywhere.
    """
    image = sitk.Cast(volume.image, sitk.sitkFloat32) if not volume.is_colour else luminance(volume)
    values = sitk.GetArrayViewFromImage(image)
    is_hounsfield = volume.unit == "HU" and float(values.min()) < SKIN_HU
    inside = image > (SKIN_HU if is_hounsfield else _dim_threshold(image))
    spacing = image.GetSpacing()
    radius = [max(1, round(OPENING_MM / s)) if s < OPENING_MM else 0 for s in spacing]
    parts = sitk.ConnectedComponent(sitk.BinaryMorphologicalOpening(inside, radius, sitk.sitkBall))
    sizes = np.bincount(sitk.GetArrayViewFromImage(parts).ravel())
    if len(sizes) < 2:
        return np.ones(values.shape, bool)
    sizes[0] = 0
    kept = np.isin(sitk.GetArrayViewFromImage(parts), np.flatnonzero(sizes >= TABLE_SHARE * sizes.max()))
    return _fill_slices(kept)


def _dim_threshold(image: sitk.Image) -> float:
    """Half of Otsu's threshold on the square-root scale, in the image's unit."""
    low = float(sitk.GetArrayViewFromImage(image).min())
    root = sitk.Sqrt(image - low)
    otsu = sitk.OtsuThresholdImageFilter()
    otsu.Execute(root)
    return float(low + (otsu.GetThreshold() * 0.7) ** 2)


def _fill_slices(inside: Array) -> Array:
    """Holes (lung, bowel gas, marrow) filled in each slice, through the border slices of a volume too."""
    from scipy import ndimage

    plane = np.ones((3, 3), bool)
    if inside.ndim == 2:
        return np.asarray(ndimage.binary_fill_holes(inside))
    # A hole is background that is not connected with the border inside its slice: label all slices at once.
    structure = np.zeros((3, 3, 3), bool)
    structure[1] = ndimage.generate_binary_structure(2, 1) & plane
    labels, _ = ndimage.label(~inside, structure)
    edge = np.concatenate([labels[:, [0, -1], :].ravel(), labels[:, :, [0, -1]].ravel()])
    return np.asarray(inside | ((labels > 0) & ~np.isin(labels, np.unique(edge))))


def checked(mask: Volume, volume: Volume) -> Volume:
    """``mask`` as 0 and 1 on ``volume``'s grid (nearest neighbour); raises ``BadInput`` when nothing of it is left."""
    from MedFusionLib.resample import resample

    if mask.is_colour or mask.dimension != volume.dimension:
        raise BadInput(f"mask '{mask.name}' does not fit '{volume.name}'", "Give a label volume of the same kind")
    if not (mask.array != 0).any():
        raise BadInput(f"mask '{mask.name}' is empty", "Draw the region to look at, or leave the mask out")
    if not same_grid(mask.image, volume.image):
        mask, _ = resample(mask, volume, sitk.AffineTransform(volume.dimension), labels=True)
    inside = sitk.Cast(mask.image != 0, sitk.sitkUInt8)
    if not sitk.GetArrayViewFromImage(inside).any():
        raise BadInput(f"mask '{mask.name}' lies outside '{volume.name}'", "Draw it on that volume")
    return replace(mask, image=inside)


def same_grid(first: sitk.Image, second: sitk.Image, tolerance: float = 1e-3) -> bool:
    """True when size, spacing, origin and direction agree to ``tolerance`` of a voxel."""
    if first.GetSize() != second.GetSize():
        return False
    step = min(second.GetSpacing())
    corners = [[0] * first.GetDimension(), [n - 1 for n in first.GetSize()]]
    here, there = ([image.TransformIndexToPhysicalPoint(c) for c in corners] for image in (first, second))
    same_corners = np.allclose(here, there, rtol=0, atol=tolerance * step)
    return same_corners and np.allclose(first.GetDirection(), second.GetDirection(), atol=tolerance)
