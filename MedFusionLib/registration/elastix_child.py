"""The other process of the elastix engine: reads one job from a JSON file, runs itk-elastix, leaves an ITK transform.

It is started as a file and imports nothing of MedFusionLib, so that only itk lives in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(job_file: str) -> int:
    """Run the job of ``job_file``; 0 when the transform was written, 1 with a last line that says why not."""
    job: dict[str, Any] = json.loads(Path(job_file).read_text())
    import itk

    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(job["threads"])
    fixed, moving = itk.imread(job["fixed"], itk.F), itk.imread(job["moving"], itk.F)
    method = itk.ElastixRegistrationMethod[type(fixed), type(moving)].New(fixed, moving)
    parameters = itk.ParameterObject.New()
    for path in job["parameters"]:
        parameters.AddParameterFile(path)
    method.SetParameterObject(parameters)
    for key, setter in (("fixed_mask", method.SetFixedMask), ("moving_mask", method.SetMovingMask)):
        if job[key]:
            setter(itk.imread(job[key], itk.UC))
    method.SetExternalInitialTransform(itk.transformread(job["initial"])[0])
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
