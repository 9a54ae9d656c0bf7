"""The other process of the elastix engine: reads one job from a JSON file, runs itk-elastix, leaves an ITK transform.

It is started as a file and imports nothing of MedFusionLib, so that only itk lives in it.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
from pathlib import Path
from typing import Any

# Wrappings that itk loads beside elastix and that nothing here uses; without them the import takes a fifth.
UNUSED = ("ITKSmoothing", "ITKRegistrationCommon", "ITKMesh", "ITKImageGrid", "ITKIOMeshBase")


def import_itk(lean: bool) -> Any:
    """The package itk; ``lean`` marks the unused wrappings as loaded, and keeps itk from importing torch."""
    if lean:
        for name in UNUSED:
            module = types.ModuleType(f"itk.{name}Python")
            module.__dict__["__templates_loaded"] = True
            sys.modules[module.__name__] = module
    helpers = importlib.import_module("itk.support.helpers")
    helpers.__dict__.update(_HAVE_TORCH=False, _HAVE_XARRAY=False)
    return importlib.import_module("itk")


def main(job_file: str) -> int:
    """Run the job of ``job_file``; 0 when the transform was written, 1 with a last line that says why not."""
    job: dict[str, Any] = json.loads(Path(job_file).read_text(encoding="utf-8"))
    itk = import_itk(lean=bool(job["matrix"]))
    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(job["threads"])
    fixed, moving = itk.imread(job["fixed"], itk.F), itk.imread(job["moving"], itk.F)
    method = itk.ElastixRegistrationMethod[type(fixed), type(moving)].New()
    method.SetFixedImage(fixed)
    method.SetMovingImage(moving)
    parameters = itk.ParameterObject.New()
    for path in job["parameters"]:
        parameters.AddParameterFile(path)
    method.SetParameterObject(parameters)
    for key, setter in (("fixed_mask", method.SetFixedMask), ("moving_mask", method.SetMovingMask)):
        if job[key]:
            setter(itk.imread(job[key], itk.UC))
    method.SetExternalInitialTransform(_start(itk, job, fixed.GetImageDimension()))
    method.SetNumberOfThreads(job["threads"])
    method.SetOutputDirectory(job["output"])
    method.LogToConsoleOn()
    try:
        method.UpdateLargestPossibleRegion()
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        print(f"elastix error: {lines[-1]}", flush=True)
        return 1
    return 0


def _start(itk: Any, job: dict[str, Any], dimension: int) -> Any:
    """The start as ITK's transform: from the matrix and translation of a linear one, else from its file."""
    if not job["matrix"]:
        return itk.transformread(job["initial"])[0]
    affine = itk.AffineTransform[itk.D, dimension].New()
    parameters = affine.GetParameters()
    for index, value in enumerate(job["matrix"]):
        parameters[index] = value
    affine.SetParameters(parameters)
    return affine


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
