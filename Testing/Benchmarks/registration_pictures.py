"""Checkerboards of a moving volume in a fixed one, before and after a registration, in three planes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from MedFusionLib.volume import Volume

_SQUARE_MM = 20.0
_HU = (-160.0, 240.0)
Picture = npt.NDArray[np.float64]


def checkerboards(path: Path, fixed: Volume, moving: Volume, transform: sitk.Transform) -> None:
    """Write a PNG: above as the volumes lie, below under ``transform``; each plane as checkerboard and as outline."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    grey = np.clip((fixed.array.astype(np.float64) - _HU[0]) / (_HU[1] - _HU[0]), 0, 1)
    spacing = fixed.image.GetSpacing()[::-1]
    figure, axes = pyplot.subplots(2, 6, figsize=(24, 9))
    for row, mapping in zip(axes, (sitk.Transform(3, sitk.sitkIdentity), transform), strict=True):
        shown = _resampled(fixed, moving, mapping)
        middle = np.median(np.argwhere(shown >= 0), axis=0).astype(int) if (shown >= 0).any() else [0, 0, 0]
        for axis in range(3):
            pair = [np.take(volume, middle[axis], axis) for volume in (grey, shown)]
            sides = [step for number, step in enumerate(spacing) if number != axis]
            _plane(row[2 * axis : 2 * axis + 2], pair[0], pair[1], sides, axis > 0)
    figure.tight_layout()
    figure.savefig(path, dpi=45)
    pyplot.close(figure)


def _resampled(fixed: Volume, moving: Volume, transform: sitk.Transform) -> Picture:
    """The moving volume on the fixed grid, 0 to 1, and -1 where it sees nothing."""
    image = sitk.Cast(moving.image, sitk.sitkFloat32)
    found = sitk.GetArrayFromImage(sitk.Resample(image, fixed.image, transform, sitk.sitkLinear, -1.0))
    high = float(np.percentile(moving.array, 99))
    return np.where(found >= 0, np.clip(found / high, 0, 1), -1.0)


def _plane(axes: npt.NDArray[np.object_], first: Picture, second: Picture, sides: list[float], upright: bool) -> None:
    """One plane: the checkerboard, and the fixed one with the moving one's outlines."""
    rows, columns = np.indices(first.shape)
    odd = (rows * sides[0] // _SQUARE_MM + columns * sides[1] // _SQUARE_MM) % 2 == 0
    mixed = np.where(odd & (second >= 0), second, first)
    options = {"cmap": "gray", "aspect": sides[0] / sides[1], "origin": "lower" if upright else "upper"}
    axes[0].imshow(mixed, **options)
    axes[1].imshow(first, **options)
    axes[1].contour(np.maximum(second, 0), levels=[0.25, 0.6], colors=["c", "y"], linewidths=0.8)
    for axis in axes:
        axis.axis("off")
