"""One resolution of the simpleitk engine: its images, its metric, its optimiser, and its run."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from contextlib import ExitStack, redirect_stderr
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import RegistrationFailed
from MedFusionLib.registration.prepare import sample_count
from MedFusionLib.registration.settings import Points, Request

Span = tuple[float, float]
Pair = tuple[sitk.Image, sitk.Image]
# The metric sums its slope in the order in which its threads end: with one the transform is always the same.
WORK_UNITS = 1
# How many steps L-BFGS remembers: ITK's 5 are few for hundreds of parameters.
MEMORY = 20


@dataclass(frozen=True)
class Level:
    """One resolution: voxel size, smoothing and first step in mm, bins of the histogram, samples, iterations."""

    voxel: float
    smoothing: float
    step: float
    bins: int
    samples: int
    iterations: int


@dataclass(frozen=True)
class Scene:
    """What all stages share: the images, where to look in each, and the middle and radius (mm) of that region."""

    request: Request
    fixed: sitk.Image
    moving: sitk.Image
    fixed_mask: sitk.Image | None
    moving_mask: sitk.Image | None
    middle: Points
    radius: float
    share: float


def powell(method: sitk.ImageRegistrationMethod, scene: Scene, level: Level) -> None:
    """Powell's method: no slope is needed, so the sharp optimum of unsmoothed images does not stop it early."""
    dimension = scene.fixed.GetDimension()
    angles = dimension * (dimension - 1) // 2
    method.SetOptimizerScales([scene.radius] * angles + [1.0] * dimension)
    rounds = scene.request.settings.iterations or level.iterations
    method.SetOptimizerAsPowell(rounds, 30, level.step, level.step / 10, 1e-5)


def descent(method: sitk.ImageRegistrationMethod, scene: Scene, level: Level) -> None:
    """Gradient descent in steps that shrink at each turn; a step of 1 is a motion of about 1 mm at the border."""
    method.SetOptimizerScalesFromPhysicalShift()
    steps = scene.request.settings.iterations or level.iterations
    method.SetOptimizerAsRegularStepGradientDescent(level.step, level.step / 1000, steps, 0.95, 1e-9)


def quasi_newton(method: sitk.ImageRegistrationMethod, scene: Scene, level: Level) -> None:
    """Limited-memory BFGS, for hundreds of parameters; ITK runs it twice, the second time with a fresh memory."""
    # ITK's test of the metric's change takes every metric below zero, as this one, for unchanged: it stays off (0).
    method.SetOptimizerAsLBFGS2(
        solutionAccuracy=1e-5, numberOfIterations=scene.request.settings.iterations or level.iterations,
        hessianApproximateAccuracy=MEMORY, deltaConvergenceDistance=0, lineSearchMaximumEvaluations=10,
    )
    # The slope from ITK's smoothed gradient images does not fit the metric of unsmoothed ones: line searches fail.
    method.SetMetricUseFixedImageGradientFilter(False)
    method.SetMetricUseMovingImageGradientFilter(False)


OPTIMISERS: dict[str, Callable[[sitk.ImageRegistrationMethod, Scene, Level], None]] = {
    "powell": powell, "descent": descent,
}


def images_at(scene: Scene, level: Level) -> Pair:
    """Both images smoothed and averaged to about the level's voxel size; axes that are coarser already stay."""
    images = (scene.fixed, scene.moving)
    if level.smoothing:
        images = tuple(sitk.SmoothingRecursiveGaussian(image, level.smoothing) for image in images)
    return _shrunk(images[0], level.voxel), _shrunk(images[1], level.voxel)


def _shrunk(image: sitk.Image, voxel: float) -> sitk.Image:
    factors = [
        max(1, min(round(voxel / s), n // 8)) for s, n in zip(image.GetSpacing(), image.GetSize(), strict=True)
    ]
    return sitk.BinShrink(image, factors) if max(factors) > 1 else image


def metric(scene: Scene, level: Level, number: int) -> sitk.ImageRegistrationMethod:
    """A method with its metric, samples and masks (asked by point, at full size); ``number`` moves the seed."""
    settings = scene.request.settings
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(level.bins)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetNumberOfWorkUnits(WORK_UNITS)
    method.SetNumberOfThreads(max(1, settings.threads))
    # ITK draws from the whole grid and drops what the mask leaves out.
    voxels = scene.share * float(np.prod(_shrunk(scene.fixed, level.voxel).GetSize()))
    method.SetMetricSamplingStrategy(method.RANDOM)
    # ITK takes a seed of 0 for the clock.
    fraction = min(1.0, sample_count(scene.request, level.samples) / voxels)
    method.SetMetricSamplingPercentage(fraction, settings.seed + number + 1)
    if scene.fixed_mask is not None:
        method.SetMetricFixedMask(scene.fixed_mask)
    if scene.moving_mask is not None:
        method.SetMetricMovingMask(scene.moving_mask)
    return method


def span_of(part: Span, number: int, count: int) -> Span:
    """The fractions of the progress that belong to the ``number``-th of ``count`` equal steps of ``part``."""
    width = (part[1] - part[0]) / count
    return part[0] + number * width, part[0] + (number + 1) * width


def execute(method: sitk.ImageRegistrationMethod, images: Pair, scene: Scene, what: str, span: Span) -> None:
    """Run, report each iteration, and carry an exception of the progress through ITK's loop.

    Raises ``RegistrationFailed`` with ITK's last words.
    """
    raised: list[BaseException] = []
    # ITK counts from 0 again where it starts an optimiser a second time.
    counted = itertools.count()

    def iterated() -> None:
        if raised:
            # Powell's method ends its round and L-BFGS all its rounds before they stop; an error ends them now.
            unheard.enter_context(redirect_stderr(io.StringIO()))
            raise RuntimeError("stopped by the progress")
        try:
            done = 1 - 0.95 ** next(counted)
            fraction = span[0] + (span[1] - span[0]) * done
            words = f"simpleitk: {what}, similarity {-method.GetMetricValue():.4f}"
            scene.request.progress("register", fraction, words)
        except BaseException as error:
            raised.append(error)
            method.StopRegistration()

    method.AddCommand(sitk.sitkIterationEvent, iterated)
    with ExitStack() as unheard:
        try:
            method.Execute(*images)
        except RuntimeError as error:
            if not raised:
                lines = [line for line in str(error).splitlines() if line.strip()]
                raise RegistrationFailed(f"simpleitk: {lines[-1].strip()}") from None
    if raised:
        raise raised[0]
