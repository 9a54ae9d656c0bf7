"""Sheared grids: what an affine transform above a volume makes of it, brought back to right angles."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from MedFusionLib.geometry import LPS_TO_RAS, SHEAR_MENDED, Matrix

_SINGULAR = 1e-6


def is_sheared(ijk_to_ras: Matrix) -> bool:
    """Whether the axes of the grid meet at other angles than right ones, by more than rounding.

    A matrix without an inverse is no sheared grid but none.
    """
    lengths = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    if not np.isfinite(ijk_to_ras).all() or not lengths.all():
        return False
    axes = ijk_to_ras[:3, :3] / lengths
    return abs(np.linalg.det(axes)) > _SINGULAR and bool(np.abs(axes.T @ axes - np.eye(3)).max() > SHEAR_MENDED)


def straightened(image: sitk.Image, ijk_to_ras: Matrix, background: float) -> sitk.Image:
    """The voxels of ``image``, lying as the sheared ``ijk_to_ras`` says, on the nearest rectangular grid
    that holds all of them; linear interpolation, ``background`` outside.

    The nearest rotation is that of the polar decomposition; the spacing (mm) is that along the old axes.
    """
    lps = LPS_TO_RAS @ ijk_to_ras
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    axes = lps[:3, :3] / spacing
    left, _, right = np.linalg.svd(axes)
    rotation = left @ right
    size = image.GetSize()
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in size], indexing="ij"), axis=-1).reshape(-1, 3)
    inside = (corners * spacing) @ (axes.T @ rotation)
    low, high = inside.min(axis=0), inside.max(axis=0)
    sheared = sitk.Image(image)
    sheared.SetSpacing(spacing.tolist())
    sheared.SetDirection(axes.ravel().tolist())
    sheared.SetOrigin(lps[:3, 3].tolist())
    grid = sitk.ResampleImageFilter()
    grid.SetOutputDirection(rotation.ravel().tolist())
    grid.SetOutputOrigin((lps[:3, 3] + rotation @ low).tolist())
    grid.SetOutputSpacing(spacing.tolist())
    grid.SetSize([int(n) for n in np.ceil((high - low) / spacing + 1 - 1e-6)])
    grid.SetDefaultPixelValue(background)
    grid.SetInterpolator(sitk.sitkLinear)
    result: sitk.Image = grid.Execute(sheared)
    return result
