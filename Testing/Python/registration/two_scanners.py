"""A small body of ellipsoids that every registration test shares, and the same body seen by another scanner."""

from __future__ import annotations

from functools import cache

import numpy as np
import SimpleITK as sitk

from MedFusionLib.resample import resample
from MedFusionLib.volume import Volume

# Centre (mm), radii (mm) and HU of each part; later parts lie over earlier ones.
PARTS = (
    ((0, 0, 0), (55, 45, 60), -90), ((0, 2, 0), (46, 37, 70), 50), ((12, -6, 5), (11, 9, 65), 900),
    ((12, -6, 5), (5, 4, 65), -40), ((-20, 10, 12), (12, 8, 14), 20), ((-5, -18, -20), (7, 10, 9), 130),
    ((22, 18, 25), (8, 6, 10), -70), ((-24, -10, -25), (9, 7, 8), 300), ((5, 20, -30), (6, 9, 7), -110),
)


@cache
def ct() -> Volume:
    """The body as CT in HU, 56 x 48 x 40 voxels of 2.4 x 2.4 x 3.2 mm, origin far from zero."""
    image = sitk.Image([56, 48, 40], sitk.sitkInt16)
    image.SetSpacing((2.4, 2.4, 3.2))
    image.SetOrigin((300.0, -420.0, 800.0))
    z, y, x = np.indices((40, 48, 56), float)
    places = [x * 2.4 - 66.0, y * 2.4 - 56.4, z * 3.2 - 62.4]
    values = np.full((40, 48, 56), -1000.0)
    for centre, radii, hounsfield in PARTS:
        inside = sum(((p - c) / r) ** 2 for p, c, r in zip(places, centre, radii, strict=True)) < 1
        values[inside] = hounsfield
    smooth = sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(values), 0.7)
    array = sitk.GetArrayFromImage(smooth) + np.random.default_rng(0).normal(0, 8, values.shape)
    return Volume(image, "CT", "phantom CT", "HU").like(array.astype(np.int16))


def truth() -> sitk.Euler3DTransform:
    """A rotation of about 8 degrees and a shift of 11 mm about the middle of the body."""
    return sitk.Euler3DTransform((366.0, -363.6, 862.4), 0.06, -0.05, 0.11, (7.0, -6.0, 6.0))


def mr(transform: sitk.Transform | None = None) -> Volume:
    """The body as MR after ``transform`` (fixed to moving; default ``truth()``): other grid, other contrast, noise."""
    grid = sitk.Image([52, 50, 44], sitk.sitkUInt8)
    grid.SetSpacing((2.6, 2.4, 3.0))
    grid.SetOrigin((305.0, -428.0, 806.0))
    seen, inside = resample(ct(), Volume(grid), (transform or truth()).GetInverse())
    bright = np.interp(seen.array, [-1000, -300, -90, 20, 130, 300, 900], [10, 40, 900, 450, 600, 300, 60])
    noisy = np.where(inside, bright, 10) + np.random.default_rng(1).normal(0, 15, bright.shape)
    return seen.like(noisy.astype(np.float32), modality="MR", name="phantom MR", unit="")
