"""A small body of ellipsoids that every registration test shares, seen by a CT and, moved, by an MR scanner."""

from __future__ import annotations

from functools import cache

import numpy as np
import SimpleITK as sitk

from MedFusionLib.registration.transforms import apply, index_to_physical, inverse
from MedFusionLib.volume import Volume

MIDDLE = np.array([366.0, -363.6, 862.4])

# Centre (mm), radii (mm) and HU of each part; later parts lie over earlier ones. No symmetry is left.
PARTS = (
    ((0, 0, 0), (55, 42, 60), -90), ((3, 2, 4), (46, 33, 50), 50), ((14, -8, 5), (12, 8, 48), 900),
    ((14, -8, 5), (5, 4, 45), -40), ((-22, 12, 12), (14, 8, 14), -60), ((-12, -16, -20), (14, 8, 9), 200),
    ((24, 14, 25), (8, 10, 10), -80), ((-26, -8, -28), (9, 12, 8), 500), ((8, 16, -30), (16, 7, 9), -100),
    ((-10, 2, 32), (16, 14, 6), 300), ((36, 0, -18), (7, 14, 12), 130),
)


def hounsfield(points: np.ndarray) -> np.ndarray:
    """The HU of the body at points (LPS, mm); edges are 2 mm soft, so that no voxel size is favoured."""
    values = np.full(len(points), -1000.0)
    for centre, radii, inside in PARTS:
        depth = (1 - np.linalg.norm((points - MIDDLE - centre) / radii, axis=1)) * min(radii)
        share = 1 / (1 + np.exp(-np.clip(depth / 1.0, -50, 50)))
        values += share * (inside - values)
    return values


def _points(image: sitk.Image) -> np.ndarray:
    """The voxel centres of ``image`` (LPS, mm), shape (n, 3), x fastest."""
    z, y, x = np.indices(image.GetSize()[::-1], float)
    return index_to_physical(image, np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1))


def _seen(image: sitk.Image, values: np.ndarray, noise: float, seed: int) -> np.ndarray:
    noisy = values + np.random.default_rng(seed).normal(0, noise, values.shape)
    return noisy.reshape(image.GetSize()[::-1])


@cache
def ct() -> Volume:
    """The body as CT in HU, 56 x 48 x 40 voxels of 2.4 x 2.4 x 3.2 mm, origin far from zero."""
    image = sitk.Image([56, 48, 40], sitk.sitkInt16)
    image.SetSpacing((2.4, 2.4, 3.2))
    image.SetOrigin((300.0, -420.0, 800.0))
    seen = _seen(image, hounsfield(_points(image)), 8.0, seed=0)
    return Volume(image, "CT", "phantom CT", "HU").like(np.rint(seen).astype(np.int16))


def truth() -> sitk.Euler3DTransform:
    """A rotation of about 8 degrees and a shift of 11 mm about the middle of the body."""
    return sitk.Euler3DTransform(MIDDLE.tolist(), 0.06, -0.05, 0.11, (7.0, -6.0, 6.0))


def mr(transform: sitk.Transform | None = None) -> Volume:
    """The body as MR after a linear ``transform`` (default ``truth()``): other grid, other contrast, noise."""
    return _mr_after_truth() if transform is None else _mr(transform)


@cache
def _mr_after_truth() -> Volume:
    return _mr(truth())


def _mr(transform: sitk.Transform) -> Volume:
    image = sitk.Image([54, 46, 46], sitk.sitkFloat32)
    image.SetSpacing((2.6, 2.7, 3.0))
    image.SetOrigin((301.0, -428.0, 800.0))
    here = hounsfield(apply(inverse(transform), _points(image)))
    bright = np.interp(here, [-1000, -300, -90, 20, 130, 300, 900], [10, 40, 900, 450, 600, 300, 60])
    seen = _seen(image, bright, 15.0, seed=1)
    return Volume(image, "MR", "phantom MR").like(seen.astype(np.float32))
