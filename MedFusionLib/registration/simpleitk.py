"""The engine that is always there: SimpleITK, Mattes mutual information, coarse to fine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import RegistrationFailed
from MedFusionLib.registration.initial import start
from MedFusionLib.registration.prepare import label, sample_count, scalar, stages
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.registration.transforms import centre, compose
from MedFusionLib.volume import Array

Pair = tuple[sitk.Image, sitk.Image]
Span = tuple[float, float]
TRANSFORMS = ("rigid", "similarity", "affine", "bspline")
BINS = 32
# Work units fix the order of summation: the same transform on every machine.
WORK_UNITS = 4




@dataclass(frozen=True)
class Level:
    """One resolution: voxel size and smoothing in mm, first step in mm, how slowly it shrinks, and how much work."""

    voxel: float
    smoothing: float
    step: float
    relaxation: float
    iterations: int
    samples: int


# Smoothing rounds the sharp ridge of mutual information, but biases it: the last level has none. Steps shrink
# slowly, because on that narrow, bent ridge quick relaxation stops some mm off.
LINEAR = (
    Level(8.0, 4.0, 3.0, 0.99, 600, 8_000),
    Level(4.0, 2.0, 1.0, 0.99, 500, 8_000),
    Level(1.0, 0.0, 0.4, 0.985, 250, 16_000),
)
DEFORMABLE = (Level(6.0, 3.0, 0.0, 0.0, 60, 40_000), Level(3.0, 1.0, 0.0, 0.0, 40, 60_000))


def available(settings: RegistrationSettings) -> str:
    """Always usable: the empty string."""
    return ""


def register(request: Request) -> sitk.Transform:
    """Align, in stages from rigid to the wanted transform; returns fixed to moving (LPS, mm).

    Raises ``RegistrationFailed`` when the volumes do not overlap or the optimiser gives up, and lets
    ``Cancelled`` from the progress pass.
    """
    dimension = request.fixed.dimension
    images = (scalar(request.fixed), scalar(request.moving))
    found: sitk.Transform = compose([start(request)], dimension)
    names = stages(request.settings, TRANSFORMS, "simpleitk")
    previous = sitk.ProcessObject.GetGlobalDefaultThreader()
    sitk.ProcessObject.SetGlobalDefaultThreader("POOL")
    try:
        for number, name in enumerate(names):
            part = (number / len(names), (number + 1) / len(names))
            found = RUNNERS.get(name, _linear)(name, request, images, found, part)
    finally:
        sitk.ProcessObject.SetGlobalDefaultThreader(previous)
    request.progress("register", 1.0, "simpleitk: done")
    return found


def _linear(name: str, request: Request, images: Pair, found: sitk.Transform, part: Span) -> sitk.Transform:
    """One linear stage over all resolutions, turning about the centre of fixed."""
    fixed, moving = images
    transform = MODELS[name, fixed.GetDimension()]()
    transform.SetCenter(centre(request.fixed).tolist())  # type: ignore[no-untyped-call]
    levels = LINEAR if name == "rigid" else LINEAR[1:]
    for number, level in enumerate(levels):
        method = _method(request, fixed, level, request.settings.seed + number)
        # Physical shifts as scales make a step of 1 a motion of about 1 mm at the border, for every parameter.
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetOptimizerAsRegularStepGradientDescent(
            level.step, level.step / 1000, request.settings.iterations or level.iterations, level.relaxation, 1e-8
        )
        method.SetMovingInitialTransform(found)
        method.SetInitialTransform(transform, inPlace=True)
        span = _span(part, number, len(levels))
        _execute(method, images_at(fixed, moving, level), request, f"{name} {level.voxel:g} mm", span)
    return compose([transform, found], fixed.GetDimension())


def _bspline(name: str, request: Request, images: Pair, found: sitk.Transform, part: Span) -> sitk.Transform:
    """The deformable stage: cubic B-spline, control points from twice the grid spacing to the grid spacing."""
    fixed, moving = images
    extent = np.array(fixed.GetSize()) * np.array(fixed.GetSpacing())
    mesh = np.maximum(1, np.ceil(extent / (2 * request.settings.grid_spacing))).astype(int)
    transform = sitk.BSplineTransformInitializer(fixed, mesh.tolist(), 3)
    for number, level in enumerate(DEFORMABLE):
        if number:
            transform = _refined(transform, fixed, mesh * 2**number)
        method = _method(request, fixed, level, request.settings.seed + number)
        method.SetOptimizerAsLBFGS2(
            solutionAccuracy=1e-5, numberOfIterations=request.settings.iterations or level.iterations,
            deltaConvergenceDistance=5, deltaConvergenceTolerance=1e-4, lineSearchMaximumEvaluations=10,
        )
        method.SetMovingInitialTransform(found)
        method.SetInitialTransform(transform, inPlace=True)
        span = _span(part, number, len(DEFORMABLE))
        _execute(method, images_at(fixed, moving, level), request, f"{name} {level.voxel:g} mm", span)
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


def images_at(fixed: sitk.Image, moving: sitk.Image, level: Level) -> Pair:
    """Both images smoothed and averaged to about the level's voxel size; axes that are coarser already stay."""
    if level.smoothing:
        fixed, moving = (sitk.SmoothingRecursiveGaussian(image, level.smoothing) for image in (fixed, moving))
    return _shrunk(fixed, level.voxel), _shrunk(moving, level.voxel)


def _shrunk(image: sitk.Image, voxel: float) -> sitk.Image:
    factors = [
        max(1, min(round(voxel / s), n // 8)) for s, n in zip(image.GetSpacing(), image.GetSize(), strict=True)
    ]
    return sitk.BinShrink(image, factors) if max(factors) > 1 else image


def _method(request: Request, fixed: sitk.Image, level: Level, seed: int) -> sitk.ImageRegistrationMethod:
    """The metric with its samples and masks; masks stay at full resolution, they are asked by point."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetNumberOfWorkUnits(WORK_UNITS)
    method.SetNumberOfThreads(max(1, request.settings.threads))
    voxels = int(np.prod(_shrunk(fixed, level.voxel).GetSize()))
    method.SetMetricSamplingStrategy(method.RANDOM)
    # ITK takes a seed of 0 for the clock.
    method.SetMetricSamplingPercentage(min(1.0, sample_count(request, level.samples) / voxels), seed + 1)
    if (mask := label(request.fixed_mask)) is not None:
        method.SetMetricFixedMask(mask)
    if (mask := label(request.moving_mask)) is not None:
        method.SetMetricMovingMask(mask)
    return method


def _span(part: Span, number: int, count: int) -> Span:
    width = (part[1] - part[0]) / count
    return part[0] + number * width, part[0] + (number + 1) * width


def _execute(
    method: sitk.ImageRegistrationMethod, images: Pair, request: Request, what: str, span: Span
) -> None:
    """Run, report each iteration, and carry an exception of the progress through ITK's loop."""
    raised: list[BaseException] = []

    def iterated() -> None:
        try:
            done = 1 - 0.99 ** method.GetOptimizerIteration()
            fraction = span[0] + (span[1] - span[0]) * done
            request.progress("register", fraction, f"simpleitk: {what}, similarity {-method.GetMetricValue():.4f}")
        except BaseException as error:
            raised.append(error)
            method.StopRegistration()

    method.AddCommand(sitk.sitkIterationEvent, iterated)
    try:
        method.Execute(*images)
    except RuntimeError as error:
        if not raised:
            lines = [line for line in str(error).splitlines() if line.strip()]
            raise RegistrationFailed(f"simpleitk: {lines[-1].strip()}") from None
    if raised:
        raise raised[0]
