"""The elastix engine, with MedFusion's parameter files; gives a transform.

itk-elastix in a process of its own where it is installed, else Slicer's extension SlicerElastix by the mailbox.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from MedFusionLib.errors import RegistrationFailed
from MedFusionLib.registration import mailbox
from MedFusionLib.registration.initial import start
from MedFusionLib.registration.prepare import label, sample_count, scalar, stages
from MedFusionLib.registration.process import Outcome, run
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.registration.transforms import compose

TRANSFORMS = ("rigid", "similarity", "affine", "bspline")
FILES = {"rigid": "Rigid.txt", "similarity": "Similarity.txt", "affine": "Affine.txt", "bspline": "BSpline.txt"}
SAMPLES = 6000
TOO_FAR = "Too many samples map outside moving image buffer"


def available(settings: RegistrationSettings) -> str:
    """Empty when itk-elastix is installed or Slicer offers elastix, otherwise how to get it."""
    if installed() or mailbox.offers("elastix"):
        return ""
    return "install it with: pip install itk-elastix"


def installed() -> bool:
    """Whether this Python has itk-elastix."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return importlib.util.find_spec("itk") is not None and bool(version("itk-elastix"))
    except PackageNotFoundError:
        return False


def register(request: Request) -> sitk.Transform:
    """Align in another process, in stages from rigid to the wanted transform; fixed to moving (LPS, mm).

    Raises ``RegistrationFailed`` with elastix's last words, and lets ``Cancelled`` from the progress pass;
    the temporary folder is removed in every case.
    """
    names = stages(request.settings, TRANSFORMS, "elastix")
    begin = compose([start(request)], request.fixed.dimension)
    with tempfile.TemporaryDirectory(prefix="medfusion-elastix-") as name:
        folder = Path(name)
        result = folder / f"TransformParameters.{len(names) - 1}-Composite.h5"
        job = {**_job(request, names, begin, folder), "result": str(result)}
        outcome = _run(request, names, job, folder)
        if outcome.code or not result.is_file():
            raise RegistrationFailed(f"elastix: {_reason(outcome)}")
        found = sitk.ReadTransform(str(result))
    request.progress("register", 1.0, "elastix: done")
    return compose([found], request.fixed.dimension)


def _run(request: Request, names: tuple[str, ...], job: dict[str, object], folder: Path) -> Outcome:
    """elastix run on ``job`` to its end, here or by Slicer."""
    watch = Watch(request, names)
    if not installed():
        return mailbox.ask("elastix", job, watch.line, watch.tick)
    path = folder / "job.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-P", str(Path(__file__).with_name("elastix_child.py")), str(path)]
    return run(command, watch.line, watch.tick, _environment(request.settings.threads), folder)


def parameter_files(request: Request, names: tuple[str, ...], folder: Path) -> list[Path]:
    """MedFusion's parameter files for the stages, with the settings filled in, written to ``folder``.

    They serve itk-elastix here and the elastix executable (5.1 or later) in Slicer alike.
    """
    from MedFusionLib.resources import resource

    settings, dimension = request.settings, request.fixed.dimension
    values: dict[str, str] = {
        "NumberOfSpatialSamples": str(sample_count(request, SAMPLES)),
        "RandomSeed": str(settings.seed + 1),
        "FinalGridSpacingInPhysicalUnits": " ".join([f"{settings.grid_spacing:g}"] * dimension),
    }
    if settings.iterations:
        values["MaximumNumberOfIterations"] = str(settings.iterations)
    written = []
    for number, name in enumerate(names):
        text = resource(f"Registration/{FILES[name]}").read_text(encoding="utf-8")
        path = folder / f"parameters{number}.txt"
        schedule = _schedule(text, dimension)
        path.write_text(fill(text, {**values, "ImagePyramidSchedule": schedule}), encoding="utf-8")
        written.append(path)
    return written


def _schedule(text: str, dimension: int) -> str:
    """The file's schedule of three numbers a resolution, cut to ``dimension`` numbers for pictures."""
    match = re.search(r"^\(ImagePyramidSchedule ([^)]*)\)", text, flags=re.MULTILINE)
    numbers = match[1].split() if match else []
    return " ".join(number for index, number in enumerate(numbers) if index % 3 < dimension)


def fill(text: str, values: dict[str, str]) -> str:
    """The parameter file ``text`` with the values of the entries that it holds replaced by ``values``."""
    for key, value in values.items():
        text = re.sub(rf"^\({key}\s[^)]*\)", f"({key} {value})", text, flags=re.MULTILINE)
    return text


def _job(request: Request, names: tuple[str, ...], begin: sitk.Transform, folder: Path) -> dict[str, object]:
    """Volumes, masks, start and parameters as files in ``folder``, by their names."""
    job: dict[str, object] = {"threads": max(1, request.settings.threads), "output": str(folder)}
    images = {
        "fixed": scalar(request.fixed), "moving": scalar(request.moving),
        "fixed_mask": label(request.fixed_mask), "moving_mask": label(request.moving_mask),
    }
    for key, image in images.items():
        job[key] = str(folder / f"{key}.mha") if image is not None else ""
        if image is not None:
            sitk.WriteImage(image, str(job[key]))
    job["initial"] = str(folder / "initial.h5")
    sitk.WriteTransform(begin, str(job["initial"]))
    job["matrix"] = list(begin.GetParameters()) if begin.IsLinear() else []
    job["parameters"] = [str(path) for path in parameter_files(request, names, folder)]
    return job


def _environment(threads: int) -> dict[str, str]:
    """Pinned threads: memory is bounded and the order of summation is fixed."""
    return {name: str(max(1, threads)) for name in ("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "OMP_NUM_THREADS")}


def _reason(outcome: Outcome) -> str:
    """elastix's own description of what went wrong, with a mend where the cause is known."""
    described = [line for line in outcome.lines if line.startswith("Description:")]
    words = described[-1].removeprefix("Description:").strip() if described else outcome.last_words()
    if TOO_FAR in words:
        return f"{TOO_FAR}: the volumes (or their masks) do not overlap at the start. Choose another initial alignment"
    return words


@dataclass
class Watch:
    """Reads elastix's output: counts stages, resolutions and iterations, and reports them."""

    request: Request
    names: tuple[str, ...]
    stage: int = -1
    resolution: int = 0
    iteration: int = 0
    value: str = ""

    def line(self, line: str) -> None:
        """Take one line of the output."""
        if match := re.match(r"Resolution: (\d+)", line):
            self.resolution, self.iteration = int(match[1]), 0
            self.stage += self.resolution == 0
        elif match := re.match(r"(\d+)\s+(-?\d+\.\d+)\s", line):
            self.iteration, self.value = int(match[1]), match[2]

    def tick(self) -> None:
        """Report where elastix is."""
        if self.stage < 0:
            self.request.progress("register", 0.0, "elastix: starting")
            return
        done = (self.stage + min(1.0, (self.resolution + self.iteration / 300) / 4)) / len(self.names)
        what = self.names[min(self.stage, len(self.names) - 1)]
        words = f"elastix: {what}, resolution {self.resolution + 1}, iteration {self.iteration}, metric {self.value}"
        self.request.progress("register", min(done, 0.99), words)
