"""A small run whose every number is known: three volumes on an oblique grid, two of them registered."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from MedFusionLib.intensity import Window
from MedFusionLib.pipeline import Fusion, Result
from MedFusionLib.recipe import Recipe
from MedFusionLib.record import Record
from MedFusionLib.registration.settings import Registration, RegistrationSettings, Verdict
from MedFusionLib.volume import Volume

AWKWARD = {"ct": 'CT/1: "größe" \\ 🧠', "mr": "T1", "pet": "PET"}


def volume(name: str, modality: str, size: tuple[int, int, int], *, colour: bool = False, seed: int = 0,
           left_handed: bool = False, unit: str = "") -> Volume:
    """A volume of noise on an oblique, anisotropic grid far from the origin; left-handed on demand."""
    rng = np.random.default_rng(seed)
    shape = size[::-1]
    colours, grey = rng.integers(0, 256, (*shape, 3)), rng.normal(0, 50, shape)
    array = colours.astype(np.uint8) if colour else grey.astype(np.float32)
    image = sitk.GetImageFromArray(array, isVector=colour)
    direction = np.reshape(sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5).GetMatrix(), (3, 3)).copy()
    if left_handed:
        direction[:, 2] *= -1
    image.SetDirection(direction.ravel().tolist())
    image.SetSpacing((0.98, 1.1, 3.27))
    image.SetOrigin((-212.5, 310.25, -1043.125))
    return Volume(image, modality, name, unit)


def inside(image: sitk.Image, count: int, seed: int = 0) -> np.ndarray:
    """``count`` random points (LPS, mm) within ``image``."""
    indices = np.random.default_rng(seed).uniform(0.01, 0.99, (count, 3)) * (np.array(image.GetSize()) - 1)
    return np.array([image.TransformContinuousIndexToPhysicalPoint(index.tolist()) for index in indices])


def bspline(image: sitk.Image, seed: int = 1) -> sitk.Transform:
    """A free-form deformation over ``image`` with control points moved by some 0.3 mm, so that it has an inverse."""
    transform = sitk.BSplineTransformInitializer(image, [4, 4, 4])
    count = len(transform.GetParameters())
    transform.SetParameters(np.random.default_rng(seed).normal(0, 0.3, count).tolist())
    return transform


def rigid() -> sitk.Transform:
    """12 degrees about an oblique axis and a shift, about a centre that is not the origin."""
    return sitk.VersorRigid3DTransform((0.6, 0.0, 0.8), 0.2, (5, -12.5, 30), (-200, 300, -1000))


def registration(transform: sitk.Transform, decision: Any = "accept") -> Registration:
    return Registration(transform, "simpleitk", RegistrationSettings(), Verdict(decision, ("looks right", "told so")))


def made_run() -> Result:
    """CT (fixed, left-handed), MR warped to it, PET turned to it; one grey and one colour fusion."""
    size = (12, 10, 8)
    ct = volume(AWKWARD["ct"], "CT", size, seed=1, unit="HU", left_handed=True)
    mr = volume(AWKWARD["mr"], "MR", size, seed=2, left_handed=True)
    pet = volume(AWKWARD["pet"], "PET", size, seed=3, unit="SUV", left_handed=True)
    raw = [ct, volume("T1", "MR", (9, 11, 7), seed=4), volume("PET", "PET", (5, 6, 4), seed=5, unit="SUV")]
    grey = volume("fused CT + T1", "unknown", size, seed=6, left_handed=True)
    colour = volume("fused CT + T1 + PET", "unknown", size, seed=7, colour=True, left_handed=True)
    combined = sitk.CompositeTransform([rigid(), bspline(ct.image)])
    return Result(
        sources=(ct, mr, pet), originals=tuple(raw), validity=(np.ones(size[::-1], bool),) * 3,
        registrations=(None, registration(combined, "warn"), registration(rigid())),
        fusions=(Fusion("CT + T1", grey, (0, 1), {"ssim": 0.123456789012345678, "entropy": 6.5}, "laplacian"),
                 Fusion("CT + T1 + PET", colour, (0, 1, 2), {"entropy": 7.25}, "laplacian")),
        windows=(Window(-160.0, 240.0, "soft tissue"), Window(3.5, 812.25, "robust"), Window(0.0, 5.0, "SUV 0-5")),
        colour_maps=("grey", "grey", "hot iron"), recipe=Recipe(),
        record=Record(inputs=(), recipe=Recipe().as_dict(), registrations=(), windows=(), fusions=(),
                      seconds={"register": 1.5}, notes=("Größe & <tag> 🧠",)))
