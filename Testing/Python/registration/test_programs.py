"""Engines that run a program: what they give it, and that nothing is left when it fails or is cancelled."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import two_scanners

from MedFusionLib.errors import BadInput, Cancelled, RegistrationFailed
from MedFusionLib.registration import brainsfit, elastix, transforms
from MedFusionLib.registration.engines import ENGINES, engine
from MedFusionLib.registration.process import run
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.volume import Volume

FACTS = {"samplingPercentage", "splineGridSize", "initializeTransformMode", "maskProcessingMode", "histogramMatch",
         "costMetric", "numberOfHistogramBins", "translationScale", "numberOfThreads", "backgroundFillValue",
         "numberOfIterations", "useRigid", "useScaleVersor3D", "useAffine", "useBSpline", "maximumStepLength",
         "minimumStepLength"}

# Answers like BRAINSFit: reads its flags, speaks, and leaves what the test asks for.
PROGRAM = """#!{python}
import json, os, sys, time
flags = dict(zip(sys.argv[1::1], sys.argv[2::1]))
json.dump(sys.argv[1:], open(os.environ["MEDFUSION_TEST_SAID"], "w"))
print("Starting Transform Estimations for Rigid(1 of 1).", flush=True)
how = os.environ["MEDFUSION_TEST_HOW"]
target = flags.get("--linearTransform") or flags.get("--bsplineTransform")
if how == "copy":
    open(target, "wb").write(open(flags["--initialTransform"], "rb").read())
if how == "damaged":
    open(target, "wb").write(b"nothing")
if how == "sleep":
    time.sleep(60)
if how == "fail":
    print("Error: All samples map outside moving image buffer", file=sys.stderr)
    print("bye")
    sys.exit(1)
"""


START = sitk.Euler3DTransform(two_scanners.MIDDLE.tolist(), 0.02, -0.03, 0.04, (5.0, -4.0, 3.0))


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake BRAINSFit that starts from ``START``, and a temporary folder of its own so that leftovers are seen."""
    monkeypatch.setattr(brainsfit, "best_start", lambda request: START)
    path = tmp_path / "BRAINSFit"
    path.write_text(PROGRAM.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("MEDFUSION_TEST_SAID", str(tmp_path / "said.json"))
    monkeypatch.setenv("MEDFUSION_TEST_HOW", "copy")
    monkeypatch.delenv(brainsfit.VARIABLE, raising=False)
    return path


def request(program: Path | str = "", transform: str = "rigid", **changes: object) -> Request:
    kind = {"transform": transform}
    settings = RegistrationSettings(method="brainsfit", executable=str(program), **kind)  # type: ignore[arg-type]
    return Request(two_scanners.ct(), two_scanners.mr(), settings, **changes)  # type: ignore[arg-type]


def leftovers(fake: Path) -> list[Path]:
    return list((fake.parent / "temporary").iterdir())


def said(fake: Path) -> list[str]:
    words: list[str] = json.loads((fake.parent / "said.json").read_text())
    return words


def test_the_start_goes_to_brainsfit_as_a_transform_and_its_own_starts_stay_off(fake: Path) -> None:
    found = brainsfit.register(request(fake))
    # The fake gives back what it was given.
    corners = two_scanners.MIDDLE + 50 * np.concatenate([np.eye(3), -np.eye(3)])
    assert transforms.distances(found, START, corners).max() < 1e-6
    words = said(fake)
    assert words[words.index("--initializeTransformMode") + 1] == "Off"
    assert "--useRigid" in words
    assert not {"--histogramMatch", "--useCenterOfHeadAlign", "--outputVolume"} & set(words)
    assert not leftovers(fake)


def test_exit_0_without_a_transform_is_a_failure(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDFUSION_TEST_HOW", "nothing")
    with pytest.raises(RegistrationFailed, match="left no transform"):
        brainsfit.register(request(fake))
    monkeypatch.setenv("MEDFUSION_TEST_HOW", "damaged")
    with pytest.raises(RegistrationFailed, match="damaged transform"):
        brainsfit.register(request(fake))
    assert not leftovers(fake)


def test_a_failure_carries_the_last_telling_line(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDFUSION_TEST_HOW", "fail")
    with pytest.raises(RegistrationFailed, match="code 1: Error: All samples map outside moving image buffer"):
        brainsfit.register(request(fake))
    assert not leftovers(fake)


def test_a_cancel_ends_the_program_at_once_and_leaves_nothing(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDFUSION_TEST_HOW", "sleep")
    began = time.monotonic()

    def progress(stage: str, fraction: float, message: str = "") -> None:
        if "Rigid" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        brainsfit.register(request(fake, progress=progress))
    assert time.monotonic() - began < 20
    assert not leftovers(fake)


def test_a_cancel_kills_grandchildren_too(tmp_path: Path) -> None:
    script = "import subprocess as s, time; print(s.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    grandchild: list[int] = []

    def tick() -> None:
        if grandchild:
            raise Cancelled

    with pytest.raises(Cancelled):
        run([sys.executable, "-c", script], lambda line: grandchild.append(int(line)), tick)
    time.sleep(0.2)
    status = Path(f"/proc/{grandchild[0]}/stat")
    assert not status.exists() or status.read_text().split()[2] == "Z"


def test_a_missing_program_is_told_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(brainsfit.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no BRAINSFit found" in brainsfit.available(RegistrationSettings())
    assert "no program" in brainsfit.available(RegistrationSettings(executable="/nowhere/BRAINSFit"))
    with pytest.raises(BadInput, match="not available"):
        ENGINES["brainsfit"].register(request())


def test_the_environment_names_brainsfit(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(brainsfit.VARIABLE, str(fake))
    assert brainsfit.available(RegistrationSettings()) == ""


@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine", "bspline"])
def test_brainsfits_parameters_are_plain_python_under_its_own_names(kind: str) -> None:
    values = brainsfit.parameters(request(transform=kind))
    assert set(values) <= FACTS
    assert {type(value) for value in values.values()} <= {bool, int, float, str, tuple}


def test_samples_are_chosen_by_count_and_bounded_for_a_b_spline() -> None:
    voxels = two_scanners.ct().image.GetNumberOfPixels()
    share = min(1, brainsfit.SAMPLES / voxels)
    assert brainsfit.parameters(request())["samplingPercentage"] == pytest.approx(share, rel=1e-4)
    assert 0.002 <= float(str(brainsfit.parameters(request(transform="bspline"))["samplingPercentage"])) <= 0.005
    tiny = Volume(sitk.Image([20, 20, 20], sitk.sitkFloat32))
    assert brainsfit.parameters(Request(tiny, tiny))["samplingPercentage"] == 1.0


def test_threads_are_pinned_and_the_background_is_air() -> None:
    values = brainsfit.parameters(Request(two_scanners.mr(), two_scanners.ct()))
    assert values["numberOfThreads"] == 2
    assert values["backgroundFillValue"] == -1000.0


def test_one_mask_is_completed_because_brainsfit_needs_both(fake: Path) -> None:
    ct = two_scanners.ct()
    mask = ct.like((ct.array > -400).astype(np.uint8))
    brainsfit.register(request(fake, fixed_mask=mask))
    words = said(fake)
    assert words[words.index("--maskProcessingMode") + 1] == "ROI"
    assert {"--fixedBinaryVolume", "--movingBinaryVolume"} <= set(words)


def test_elastix_files_take_the_settings_and_never_write_an_image(tmp_path: Path) -> None:
    settings = RegistrationSettings(transform="bspline", samples=1234, grid_spacing=20, seed=6, iterations=77)
    asked = Request(two_scanners.ct(), two_scanners.mr(), settings)
    files = elastix.parameter_files(asked, ("rigid", "bspline"), tmp_path)
    for path in files:
        text = path.read_text()
        for line in ("(NumberOfSpatialSamples 1234)", "(RandomSeed 7)", "(MaximumNumberOfIterations 77)",
                     '(WriteResultImage "false")', '(WriteITKCompositeTransform "true")'):
            assert line in text
    assert "(FinalGridSpacingInPhysicalUnits 20 20 20)" in files[1].read_text()


def test_elastix_files_for_pictures_have_two_numbers_a_resolution(tmp_path: Path) -> None:
    flat = Volume(sitk.Image([64, 64], sitk.sitkFloat32))
    (path,) = elastix.parameter_files(Request(flat, flat), ("rigid",), tmp_path)
    assert "(ImagePyramidSchedule 8 8 4 4 2 2 0 0)" in path.read_text()


def test_the_catalog_names_every_engine_and_refuses_others() -> None:
    assert set(ENGINES) == {"elastix", "brainsfit", "simpleitk", "landmarks", "none"}
    for name in ("simpleitk", "landmarks", "none"):
        assert engine(name).available() == ""
    with pytest.raises(BadInput, match="unknown registration method 'ants'"):
        engine("ants")


def test_choosing_an_engine_imports_no_itk() -> None:
    code = "import sys; from MedFusionLib.registration.engines import ENGINES; ENGINES['elastix'].available(); " \
           "sys.exit('itk' in sys.modules or 'torch' in sys.modules)"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
