"""The engine that is always there: SimpleITK, Mattes mutual information, coarse to fine."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import RegistrationFailed
from MedFusionLib.registration.initial import start
from MedFusionLib.registration.masks import body
from MedFusionLib.registration.prepare import about, label, scalar, stages
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.registration.simpleitk_level import (
    OPTIMISERS,
    Level,
    Scene,
    Span,
    execute,
    images_at,
    metric,
    powell,
    quasi_newton,
    span_of,
)
from MedFusionLib.registration.transforms import centre, compose, index_to_physical
from MedFusionLib.volume import Array

TRANSFORMS = ("rigid", "similarity", "affine", "bspline")
# The air around the body says nothing, but the skin does: the samples lie within this distance of the body.
SKIN_MM = 8.0
# Where nobody says how the volumes lie, these turns are tried too; mutual information has lesser optima.
TURN_DEGREES = 12.0

# Smoothing rounds the sharp ridge of mutual information, but biases it: the last level has none.
TRIAL = Level(8.0, 4.0, 4.0, 32, 5_000, 6)
RIGID = (
    (Level(8.0, 4.0, 4.0, 32, 10_000, 30), "powell"),
    (Level(4.0, 2.0, 1.0, 32, 16_000, 60), "descent"),
    (Level(1.0, 0.0, 0.2, 64, 40_000, 30), "powell"),
)
STRETCH = ((Level(4.0, 2.0, 1.0, 32, 16_000, 100), "descent"), (Level(1.0, 0.0, 0.3, 32, 40_000, 100), "descent"))
LEVELS = {"rigid": RIGID, "similarity": STRETCH, "affine": STRETCH}
# A mesh of control points warps a coarse or much smoothed image to fit it, away from the truth.
DEFORMABLE = (Level(3.0, 1.0, 0.0, 32, 20_000, 30), Level(1.0, 0.0, 0.0, 32, 40_000, 15))


def available(settings: RegistrationSettings) -> str:
    """Always usable: the empty string."""
    return ""


def register(request: Request) -> sitk.Transform:
    """Align, in stages from rigid to the wanted transform; returns fixed to moving (LPS, mm).

    Raises ``RegistrationFailed`` when the volumes do not overlap or the optimiser gives up, and lets
    ``Cancelled`` from the progress pass.
    """
    names = stages(request.settings, TRANSFORMS, "simpleitk")
    scene = _scene(request)
    previous = sitk.ProcessObject.GetGlobalDefaultThreader()
    sitk.ProcessObject.SetGlobalDefaultThreader("POOL")
    try:
        found = _best_start(scene, (0.0, 0.3))
        for number, name in enumerate(names):
            part = (0.3 + 0.7 * number / len(names), 0.3 + 0.7 * (number + 1) / len(names))
            found = RUNNERS.get(name, _linear)(name, scene, found, part)
    finally:
        sitk.ProcessObject.SetGlobalDefaultThreader(previous)
    request.progress("register", 1.0, "simpleitk: done")
    return found


def best_start(request: Request) -> sitk.Transform:
    """A coarse rigid alignment (within some mm) for an engine that climbs from one start only."""
    return _best_start(_scene(request), (0.0, 0.3))


def _scene(request: Request) -> Scene:
    """Images and masks; without a mask the region is the body with its skin (volumes) or everything (pictures)."""
    fixed, moving = scalar(request.fixed), scalar(request.moving)
    mask = label(request.fixed_mask)
    if mask is None and request.fixed.dimension == 3:
        mask = _with_skin(request)
    if mask is None:
        extent = np.array(fixed.GetSize()) * np.array(fixed.GetSpacing())
        radius = float(np.sqrt((extent**2).sum() / 12))
        return Scene(request, fixed, moving, None, label(request.moving_mask), centre(request.fixed), radius, 1.0)
    inside = sitk.GetArrayViewFromImage(mask) != 0
    points = index_to_physical(fixed, np.argwhere(inside)[:, ::-1].astype(float))
    radius = float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean()))
    share = float(inside.mean())
    return Scene(request, fixed, moving, mask, label(request.moving_mask), points.mean(axis=0), radius, share)


def _with_skin(request: Request) -> sitk.Image:
    """The body of fixed and the air next to it as a mask."""
    inside = request.fixed.like(body(request.fixed).astype(np.uint8)).image
    away = sitk.SignedMaurerDistanceMap(inside, squaredDistance=False, useImageSpacing=True)
    near: sitk.Image = sitk.Cast(away < SKIN_MM, sitk.sitkUInt8)
    return near


def _best_start(scene: Scene, part: Span) -> sitk.Transform:
    """The start that was asked for; the plain geometric one also turned in fourteen ways, and the best taken."""
    request, dimension = scene.request, scene.request.fixed.dimension
    first: sitk.Transform = compose([start(request)], dimension)
    if request.initial is not None or request.settings.initial != "geometry" or dimension == 2:
        return first
    corners = np.array(list(itertools.product((-1, 1), repeat=3))) / np.sqrt(3)
    angles = np.radians(TURN_DEGREES) * np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3), corners])
    tried: list[tuple[float, int, sitk.Transform]] = []
    for number, angle in enumerate(angles.tolist()):
        turned = compose([sitk.Euler3DTransform(scene.middle.tolist(), *angle), first])
        transform = _model("rigid", scene)
        method = metric(scene, TRIAL, 0)
        powell(method, scene, TRIAL)
        method.SetMovingInitialTransform(about(turned, scene.middle))
        method.SetInitialTransform(transform, inPlace=True)
        try:
            execute(method, images_at(scene, TRIAL), scene, f"start {number + 1}", span_of(part, number, len(angles)))
        except RegistrationFailed:
            continue
        tried.append((method.GetMetricValue(), number, compose([transform, turned])))
    return min(tried)[2] if tried else first


def _linear(name: str, scene: Scene, found: sitk.Transform, part: Span) -> sitk.Transform:
    """One linear stage over its resolutions, turning about the middle of the region."""
    transform = _model(name, scene)
    levels = LEVELS[name]
    for number, (level, optimiser) in enumerate(levels):
        method = metric(scene, level, number)
        OPTIMISERS[optimiser](method, scene, level)
        method.SetMovingInitialTransform(about(found, scene.middle))
        method.SetInitialTransform(transform, inPlace=True)
        span = span_of(part, number, len(levels))
        execute(method, images_at(scene, level), scene, f"{name} {level.voxel:g} mm", span)
    return compose([transform, found], scene.fixed.GetDimension())


def _model(name: str, scene: Scene) -> sitk.Transform:
    """The transform to be optimised, at the identity, its centre in the middle of the region."""
    transform = MODELS[name, scene.fixed.GetDimension()]()
    transform.SetCenter(scene.middle.tolist())  # type: ignore[no-untyped-call]
    return transform


def _bspline(name: str, scene: Scene, found: sitk.Transform, part: Span) -> sitk.Transform:
    """The deformable stage: cubic B-spline, control points from twice the grid spacing to the grid spacing."""
    request, fixed = scene.request, scene.fixed
    extent = np.array(fixed.GetSize()) * np.array(fixed.GetSpacing())
    mesh = np.maximum(1, np.ceil(extent / (2 * request.settings.grid_spacing))).astype(int)
    transform = sitk.BSplineTransformInitializer(fixed, mesh.tolist(), 3)
    for number, level in enumerate(DEFORMABLE):
        if number:
            transform = _refined(transform, fixed, mesh * 2**number)
        method = metric(scene, level, number)
        quasi_newton(method, scene, level)
        method.SetMovingInitialTransform(found)
        method.SetInitialTransform(transform, inPlace=True)
        span = span_of(part, number, len(DEFORMABLE))
        execute(method, images_at(scene, level), scene, f"{name} {level.voxel:g} mm", span)
    return compose([transform, found], fixed.GetDimension())


RUNNERS: dict[str, Callable[..., sitk.Transform]] = {"bspline": _bspline}


def _refined(coarse: sitk.BSplineTransform, fixed: sitk.Image, mesh: Array) -> sitk.BSplineTransform:
    """``coarse`` on a finer mesh, its coefficients found from its displacement at the new control points."""
    fine = sitk.BSplineTransformInitializer(fixed, mesh.tolist(), 3)
    images = []
    for old, new in zip(coarse.GetCoefficientImages(), fine.GetCoefficientImages(), strict=True):
        upsampled = sitk.Resample(old, new, sitk.AffineTransform(old.GetDimension()), sitk.sitkBSplineResampler)
        images.append(sitk.BSplineDecomposition(upsampled, 3))
    return sitk.BSplineTransform(images, 3)


MODELS: dict[tuple[str, int], Callable[[], sitk.Euler3DTransform | sitk.Euler2DTransform | sitk.AffineTransform
                                       | sitk.Similarity3DTransform | sitk.Similarity2DTransform]] = {
    ("rigid", 3): sitk.Euler3DTransform,
    ("similarity", 3): sitk.Similarity3DTransform,
    ("affine", 3): lambda: sitk.AffineTransform(3),
    ("rigid", 2): sitk.Euler2DTransform,
    ("similarity", 2): sitk.Similarity2DTransform,
    ("affine", 2): lambda: sitk.AffineTransform(2),
}
