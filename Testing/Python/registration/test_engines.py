"""The searching engines against a known transform between two scanners: they arrive, twice at the same bytes."""

from __future__ import annotations

import importlib
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import two_scanners

from MedFusionLib.errors import BadInput, Cancelled, RegistrationFailed
from MedFusionLib.registration import brainsfit, simpleitk, transforms
from MedFusionLib.registration.engines import ENGINES
from MedFusionLib.registration.masks import body
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.volume import Volume

SEARCHING = ("elastix", "simpleitk", "brainsfit")


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return transforms.sample_points(two_scanners.ct(), body(two_scanners.ct()), 500)


def request(name: str, transform: str = "rigid", **changes: object) -> Request:
    reason = ENGINES[name].available()
    if reason:
        pytest.skip(reason)
    kind = {"transform": transform}
    return Request(two_scanners.ct(), two_scanners.mr(), RegistrationSettings(name, **kind), **changes)  # type: ignore[arg-type]


def error(found: sitk.Transform, truth: sitk.Transform, points: np.ndarray) -> float:
    return float(np.median(transforms.distances(found, truth, points)))


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHING)
def test_a_rigid_motion_is_found_and_found_again_to_the_last_bit(name: str, points: np.ndarray) -> None:
    seen: list[float] = []
    asked = request(name, progress=lambda stage, fraction, message="": seen.append(fraction))
    first = ENGINES[name].register(asked)
    assert error(first, two_scanners.truth(), points) < 0.5
    assert first.IsLinear()
    turned = transforms.rotation_degrees(two_scanners.truth())
    assert transforms.rotation_degrees(first) == pytest.approx(turned, abs=0.5)
    assert np.allclose(np.linalg.det(np.reshape(first.GetMatrix(), (3, 3))), 1, atol=1e-6)
    assert ENGINES[name].register(replace(asked)).GetParameters() == first.GetParameters()
    assert max(seen) == 1.0
    assert len(set(seen)) > 2 or name == "brainsfit"


@pytest.mark.slow
def test_the_best_of_several_turned_starts_is_some_millimetres_from_the_truth(points: np.ndarray) -> None:
    found = simpleitk.best_start(request("simpleitk"))
    assert error(found, two_scanners.truth(), points) < 3.0


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHING)
@pytest.mark.parametrize("kind", ["similarity", "affine"])
def test_a_stretched_body_is_found(name: str, kind: str, points: np.ndarray) -> None:
    stretch = {"similarity": np.diag([1.05, 1.05, 1.05]), "affine": np.diag([1.06, 0.96, 1.03])}[kind]
    middle = transforms.centre(two_scanners.ct())
    truth = transforms.compose([transforms.affine(stretch, middle - stretch @ middle), two_scanners.truth()])
    asked = replace(request(name, kind), moving=two_scanners.mr(truth))
    found = ENGINES[name].register(asked)
    assert found.IsLinear()
    assert error(found, truth, points) < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHING)
def test_a_b_spline_stays_near_a_rigid_truth_and_does_not_fold(name: str, points: np.ndarray, tmp_path: Path) -> None:
    asked = request(name, "bspline")
    found = ENGINES[name].register(asked)
    assert not found.IsLinear()
    assert error(found, two_scanners.truth(), points) < 1.5
    assert transforms.jacobian_range(found, asked.fixed)[0] > 0.3
    back = transforms.load(transforms.save(found, tmp_path / "warp.h5"))
    assert np.allclose(transforms.apply(back, points), transforms.apply(found, points), atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHING)
def test_masks_keep_the_engine_from_what_lies_outside(name: str, points: np.ndarray) -> None:
    fixed, moving = two_scanners.ct(), two_scanners.mr()
    array = moving.array.copy()
    array[:, :8, :] = 1500
    pairs = (("fixed_mask", fixed), ("moving_mask", moving))
    masks = {key: volume.like(body(volume).astype(np.uint8)) for key, volume in pairs}
    found = ENGINES[name].register(replace(request(name), moving=moving.like(array), **masks))
    assert error(found, two_scanners.truth(), points) < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["elastix", "simpleitk"])
def test_no_overlap_is_a_failure_in_one_line(name: str) -> None:
    far = sitk.TranslationTransform(3, (900.0, 0.0, 0.0))
    with pytest.raises(RegistrationFailed, match=name) as caught:
        ENGINES[name].register(request(name, initial=far))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_elastix_is_cancelled_at_once() -> None:
    def progress(stage: str, fraction: float, message: str = "") -> None:
        if "iteration" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        ENGINES["elastix"].register(request("elastix", progress=progress))


def test_simpleitk_is_cancelled_inside_its_loop() -> None:
    calls: list[float] = []

    def progress(stage: str, fraction: float, message: str = "") -> None:
        calls.append(fraction)
        if len(calls) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        simpleitk.register(request("simpleitk", progress=progress))
    assert len(calls) == 3


@pytest.mark.slow
def test_simpleitk_is_cancelled_inside_a_long_b_spline(capfd: pytest.CaptureFixture[str]) -> None:
    cancelled: list[float] = []

    def progress(stage: str, fraction: float, message: str = "") -> None:
        assert not cancelled
        if "bspline" in message:
            cancelled.append(time.monotonic())
            raise Cancelled

    asked = request("simpleitk", "bspline", initial=two_scanners.truth(), progress=progress)
    asked = replace(asked, settings=replace(asked.settings, iterations=5000))
    with pytest.raises(Cancelled):
        simpleitk.register(asked)
    assert time.monotonic() - cancelled[0] < 60
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_the_moving_volume_may_be_left_handed_and_oblique(points: np.ndarray) -> None:
    moving = two_scanners.mr()
    turn = np.array(sitk.Euler3DTransform((0, 0, 0), 0.5, 0.2, -0.4).GetMatrix()).reshape(3, 3)
    mirrored = sitk.Flip(moving.image, (False, True, False))
    array = Volume(mirrored).array.copy()
    place = transforms.affine(turn, np.array([40.0, -900.0, 30.0]))
    image = sitk.Image(mirrored)
    image.SetDirection((turn @ np.reshape(mirrored.GetDirection(), (3, 3))).ravel().tolist())
    image.SetOrigin(place.TransformPoint(mirrored.GetOrigin()))
    oblique = Volume(image, "MR", "oblique")
    start = transforms.compose([sitk.Euler3DTransform((366.0, -363.6, 862.4), 0, 0, 0, (5.0, -5.0, 5.0)), place])
    found = ENGINES["simpleitk"].register(replace(request("simpleitk", initial=start), moving=oblique.like(array)))
    assert error(found, transforms.compose([two_scanners.truth(), place]), points) < 0.5


def test_pictures_are_aligned_too() -> None:
    ct, mr = two_scanners.ct(), two_scanners.mr(sitk.Euler3DTransform())
    fixed = Volume(sitk.Expand(ct.image[:, :, 20], [3, 3]), "CT", "slice", "HU")
    truth = sitk.Euler2DTransform((366.0, -363.6), 0.08, (5.0, -4.0))
    height = ct.image.TransformIndexToPhysicalPoint((0, 0, 20))[2]
    index = mr.image.TransformPhysicalPointToIndex((366.0, -363.6, height))[2]
    still = sitk.Cast(mr.image[:, :, index], sitk.sitkFloat32)
    moving = Volume(sitk.Resample(sitk.Expand(still, [3, 3]), truth.GetInverse(), sitk.sitkLinear, 10.0), "MR")
    found = simpleitk.register(Request(fixed, moving, RegistrationSettings("simpleitk")))
    points = transforms.sample_points(fixed, body(fixed), 200)
    assert float(np.median(transforms.distances(found, truth, points))) < 0.7


def test_brainsfit_refuses_pictures() -> None:
    flat = Volume(sitk.Image([16, 16], sitk.sitkFloat32))
    with pytest.raises(BadInput, match="pictures"):
        brainsfit.register(Request(flat, flat, RegistrationSettings("brainsfit", executable="/bin/true")))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["elastix", "simpleitk"])
def test_the_result_does_not_depend_on_the_number_of_processors(name: str) -> None:
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor only")
    asked = request(name)
    several = ENGINES[name].register(asked)
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        one = ENGINES[name].register(asked)
    finally:
        os.sched_setaffinity(0, allowed)
    assert one.GetParameters() == several.GetParameters()


def test_every_engine_of_the_catalog_has_its_file() -> None:
    for name, entry in ENGINES.items():
        module = importlib.import_module(f"MedFusionLib.registration.{name}")
        assert set(entry.transforms) == set(module.TRANSFORMS)
