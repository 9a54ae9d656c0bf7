"""The BRAINSFit engine: Slicer's, by its mailbox or as an executable given by path; only its transform is used."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import SimpleITK as sitk

from MedFusionLib.errors import BadInput, RegistrationFailed
from MedFusionLib.registration import mailbox
from MedFusionLib.registration.prepare import about, label, sample_fraction, scalar, stages
from MedFusionLib.registration.process import Outcome, run
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.registration.simpleitk import best_start
from MedFusionLib.registration.transforms import centre, compose

TRANSFORMS = ("rigid", "similarity", "affine", "bspline")
VARIABLE = "MEDFUSION_BRAINSFIT"
SAMPLES = 40_000
# A B-spline's memory grows with samples and threads (9 GB at 2 %), so its share of the voxels stays small.
BSPLINE_SHARE = (0.002, 0.005)
LEAST_SHARE = 0.002
# One radian moves a limb's surface by 100 mm, so a turn weighs 100 squared shifts. BRAINSFit's own 1000 is a tenth of
# that: it crawls along turns for 1500 steps and stops 1.8 mm off where a shift was left.
TRANSLATION_SCALE = 10_000.0

Value = bool | int | float | str | tuple[int, ...]

# The phases of BRAINSFit by its own names; each starts where the one before ended.
PHASES: dict[str, str] = {
    "rigid": "useRigid", "similarity": "useScaleVersor3D", "affine": "useAffine", "bspline": "useBSpline",
}


def executable(settings: RegistrationSettings) -> str:
    """The path of BRAINSFit: the settings', the environment's, or the one on the PATH; empty when there is none."""
    for name in (settings.executable, os.environ.get(VARIABLE, ""), "BRAINSFit"):
        if name and (found := shutil.which(name)):
            return found
    return ""


def available(settings: RegistrationSettings) -> str:
    """Empty when BRAINSFit is found or Slicer offers it, otherwise how to name it."""
    if executable(settings) or by_mail(settings):
        return ""
    wanted = settings.executable or os.environ.get(VARIABLE, "")
    where = f"'{wanted}' is no program that can be run" if wanted else "no BRAINSFit found"
    return f"{where}; give its path in the settings or in {VARIABLE}"


def by_mail(settings: RegistrationSettings) -> bool:
    """Whether Slicer is asked to run its BRAINSFit: it offers that, and the user named no executable."""
    return mailbox.offers("brainsfit") and not (settings.executable or os.environ.get(VARIABLE))


def parameters(request: Request) -> dict[str, Value]:
    """BRAINSFit's parameters for a request, by the names of its XML, without volumes, transforms and masks.

    The same for the executable and for ``slicer.cli`` (whose caller adds the nodes); values are plain Python.
    The start is always an initial transform of ours, so BRAINSFit's own initialisation stays off.
    """
    settings = request.settings
    phases = stages(settings, TRANSFORMS, "brainsfit")
    deformable = "bspline" in phases
    bounds = BSPLINE_SHARE if deformable else (LEAST_SHARE, 1.0)
    masked = request.fixed_mask is not None or request.moving_mask is not None
    values: dict[str, Value] = {PHASES[phase]: True for phase in phases}
    values |= {
        # Slicer hands on six digits of a number: with fewer, its BRAINSFit and the executable draw the same samples.
        "samplingPercentage": float(f"{sample_fraction(request, SAMPLES, *bounds):.5g}"),
        "initializeTransformMode": "Off",
        "maskProcessingMode": "ROI" if masked else "NOMASK",
        "histogramMatch": False,
        "costMetric": "MMI",
        "numberOfHistogramBins": 50,
        "translationScale": TRANSLATION_SCALE,
        "numberOfThreads": max(1, settings.threads),
        "backgroundFillValue": float(request.moving.about.background),
    }
    if settings.iterations:
        values["numberOfIterations"] = settings.iterations
    if deformable:
        values["splineGridSize"] = spline_grid(request)
    return values


def spline_grid(request: Request) -> tuple[int, ...]:
    """The number of B-spline cells along each axis of fixed, for the settings' distance of control points."""
    image = request.fixed.image
    extents = [n * s for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    return tuple(max(3, round(extent / request.settings.grid_spacing)) for extent in extents)


def command_line(program: str, values: Mapping[str, Value]) -> list[str]:
    """``program`` with ``values`` as its flags; a true switch is its bare flag, a false one is left out."""
    command = [program]
    for name, value in values.items():
        if isinstance(value, bool):
            command += [f"--{name}"] if value else []
        elif isinstance(value, tuple):
            command += [f"--{name}", ",".join(str(item) for item in value)]
        else:
            command += [f"--{name}", str(value)]
    return command


def register(request: Request) -> sitk.Transform:
    """Run BRAINSFit in a temporary folder, phase by phase to the wanted transform; fixed to moving (LPS, mm).

    Raises ``BadInput`` for pictures, ``RegistrationFailed`` with BRAINSFit's last words, and lets ``Cancelled``
    from the progress pass; the program is killed and the folder removed in every case.
    """
    if request.fixed.dimension != 3:
        raise BadInput("BRAINSFit aligns volumes, these are pictures", "Use simpleitk or elastix")
    with tempfile.TemporaryDirectory(prefix="medfusion-brainsfit-") as name:
        folder = Path(name)
        values = {**_files(request, folder), **parameters(request)}
        result = folder / "result.h5"
        values["bsplineTransform" if "useBSpline" in values else "linearTransform"] = str(result)
        found = _result(result, _run(request, values, folder))
    request.progress("register", 1.0, "brainsfit: done")
    return compose([found], 3)


def _run(request: Request, values: Mapping[str, Value], folder: Path) -> Outcome:
    """BRAINSFit run with ``values`` to its end, by Slicer or here."""
    watch = Watch(request)
    if by_mail(request.settings):
        return mailbox.ask("brainsfit", values, watch.line, watch.tick)
    threads = {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": str(max(1, request.settings.threads))}
    return run(command_line(executable(request.settings), values), watch.line, watch.tick, threads, folder)


def _files(request: Request, folder: Path) -> dict[str, Value]:
    """Volumes, masks and start written to ``folder``, by BRAINSFit's names; ROI needs both masks."""
    images = {"fixedVolume": scalar(request.fixed), "movingVolume": scalar(request.moving)}
    masks = {"fixedBinaryVolume": label(request.fixed_mask), "movingBinaryVolume": label(request.moving_mask)}
    if any(mask is not None for mask in masks.values()):
        for (key, mask), image in zip(masks.items(), list(images.values()), strict=True):
            images[key] = mask if mask is not None else _everywhere(image)
    values: dict[str, Value] = {}
    for key, image in images.items():
        values[key] = str(folder / f"{key}.nrrd")
        sitk.WriteImage(image, str(values[key]))
    values["initialTransform"] = str(folder / "initial.h5")
    # BRAINSFit climbs from one start and ends 46 mm off where a turn of 15 degrees hides the optimum.
    begin = about(best_start(request), centre(request.fixed))
    sitk.WriteTransform(begin, str(values["initialTransform"]))
    return values


def _everywhere(image: sitk.Image) -> sitk.Image:
    """A mask of ones on the grid of ``image``."""
    ones: sitk.Image = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
    ones.CopyInformation(image)
    return ones


def _result(path: Path, outcome: Outcome) -> sitk.Transform:
    """The transform that BRAINSFit left; an exit code of 0 without a file is a failure too."""
    if outcome.code:
        raise RegistrationFailed(f"brainsfit ended with code {outcome.code}: {outcome.last_words()}")
    if not path.is_file():
        raise RegistrationFailed(f"brainsfit left no transform: {outcome.last_words()}")
    try:
        found: sitk.Transform = sitk.ReadTransform(str(path))
    except RuntimeError:
        raise RegistrationFailed(f"brainsfit left a damaged transform: {outcome.last_words()}") from None
    return found


class Watch:
    """Tells the phase that BRAINSFit names in its output; it reports no finer progress."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.phases = 0
        self.words = "starting"

    def line(self, line: str) -> None:
        """Take one line of the output."""
        if line.startswith("Starting Transform Estimations for"):
            self.phases += 1
            self.words = line.removeprefix("Starting Transform Estimations for").strip(" .")

    def tick(self) -> None:
        """Report the phase; the fraction counts phases begun."""
        count = len(stages(self.request.settings, TRANSFORMS, "brainsfit"))
        self.request.progress("register", max(0, self.phases - 1) / count, f"brainsfit: {self.words}")
