"""What every engine needs before it starts: clipped scalar images, the number of samples, the stages."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from MedFusionLib.colour import LUMA
from MedFusionLib.errors import BadInput
from MedFusionLib.registration.settings import Points, RegistrationSettings, Request
from MedFusionLib.registration.transforms import as_affine
from MedFusionLib.volume import Volume

# The range that carries anatomy, where the unit is absolute; elsewhere robust percentiles are taken.
RANGES: dict[str, tuple[float, float]] = {"HU": (-500.0, 1000.0)}
PERCENTILES = (0.1, 99.8)

# Each transform is reached through simpler ones, so that it starts near the answer.
STAGES: dict[str, tuple[str, ...]] = {
    "rigid": ("rigid",),
    "similarity": ("rigid", "similarity"),
    "affine": ("rigid", "affine"),
    "bspline": ("rigid", "bspline"),
}


def scalar(volume: Volume) -> sitk.Image:
    """``volume`` as float32, one value a voxel (luminance of RGB), clipped to the range that carries anatomy."""
    image = luminance(volume) if volume.is_colour else sitk.Cast(volume.image, sitk.sitkFloat32)
    low, high = _range(volume.unit, sitk.GetArrayViewFromImage(image).ravel())
    clipped: sitk.Image = sitk.Clamp(image, sitk.sitkFloat32, low, high)
    return clipped


def luminance(volume: Volume) -> sitk.Image:
    """The luma of an RGB volume as float32 (0.299 R + 0.587 G + 0.114 B, ITU-R BT.601)."""
    return volume.like((volume.array @ np.array(LUMA)).astype(np.float32)).image


def _range(unit: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[float, float]:
    """The limits for clipping; those of the unit only where the values reach over both sides of zero."""
    low, high = float(values.min()), float(values.max())
    if unit in RANGES and low < -100.0:
        return max(low, RANGES[unit][0]), min(high, RANGES[unit][1])
    # Every n-th voxel is enough for a percentile and keeps large volumes fast.
    step = max(1, len(values) // 1_000_000)
    inner = np.percentile(values[::step], PERCENTILES)
    return (float(inner[0]), float(inner[1])) if inner[1] > inner[0] else (low, high)


def label(mask: Volume | None) -> sitk.Image | None:
    """``mask`` as an 8-bit image of 0 and 1, or None."""
    return None if mask is None else sitk.Cast(mask.image != 0, sitk.sitkUInt8)


def sample_count(request: Request, default: int) -> int:
    """How many voxels to look at: the settings' number or ``default``, never more than there are."""
    wanted = request.settings.samples or default
    return int(min(wanted, request.fixed.image.GetNumberOfPixels()))


def sample_fraction(request: Request, default: int, least: float = 0.0, most: float = 1.0) -> float:
    """The same as a fraction of the fixed volume's voxels, within ``least`` and ``most``."""
    voxels = request.fixed.image.GetNumberOfPixels()
    return float(min(1.0, most, max(least, sample_count(request, default) / voxels)))


def stages(settings: RegistrationSettings, supported: tuple[str, ...], engine: str) -> tuple[str, ...]:
    """The stages to run for the wanted transform; raises ``BadInput`` where the engine has it not."""
    if settings.transform not in supported:
        raise BadInput(
            f"engine '{engine}' has no transform '{settings.transform}'", f"Use one of {', '.join(supported)}"
        )
    return STAGES[settings.transform]


def about(transform: sitk.Transform, middle: Points) -> sitk.Transform:
    """A linear ``transform`` written about ``middle`` (LPS, mm); others as they are.

    ITK and BRAINSFit give the optimised transform the centre of the linear transform before it. With the centre at
    the origin of the world, a metre away, a turn is mostly a shift, and every optimiser stalls.
    """
    if not transform.IsLinear():
        return transform
    linear = as_affine(transform)
    there = np.array(linear.TransformPoint(middle.tolist()))
    linear.SetCenter(middle.tolist())
    linear.SetTranslation((there - middle).tolist())
    return linear
