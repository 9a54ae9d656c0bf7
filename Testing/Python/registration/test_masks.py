"""Body masks by modality, checks of given masks, and where a registration starts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import two_scanners

from MedFusionLib.errors import BadInput
from MedFusionLib.registration import initial, transforms
from MedFusionLib.registration.masks import body, checked, same_grid
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.resample import resample
from MedFusionLib.volume import Volume


def ellipsoid() -> np.ndarray:
    z, y, x = np.indices((40, 48, 56), float)
    return ((x * 2.4 - 66) / 55) ** 2 + ((y * 2.4 - 56.4) / 42) ** 2 + ((z * 3.2 - 62.4) / 60) ** 2 < 1


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


def test_the_body_of_a_ct_is_found_and_the_table_is_not() -> None:
    array = two_scanners.ct().array.copy()
    array[:, 45:47, :] = 200
    found = body(two_scanners.ct().like(array))
    assert dice(found, ellipsoid()) > 0.96
    assert not found[:, 46, :10].any()


def test_gas_inside_the_body_belongs_to_it() -> None:
    array = two_scanners.ct().array.copy()
    array[15:25, 22:26, 20:24] = -1000
    assert body(two_scanners.ct().like(array))[15:25, 22:26, 20:24].all()


def test_the_body_of_an_mr_is_found() -> None:
    seen = two_scanners.mr(sitk.Euler3DTransform())
    found = body(seen)
    true, _ = resample(
        two_scanners.ct().like(ellipsoid().astype(np.uint8)), seen, sitk.AffineTransform(3), labels=True
    )
    assert dice(found, true.array > 0) > 0.94


def test_a_volume_without_a_body_is_taken_whole() -> None:
    assert body(two_scanners.ct().like(np.full((40, 48, 56), -1000, np.int16))).all()


def test_a_mask_on_another_grid_is_brought_to_the_volumes_grid() -> None:
    mask = two_scanners.mr(sitk.Euler3DTransform())
    mask = mask.like((mask.array > 200).astype(np.uint8), modality="unknown")
    given = checked(mask, two_scanners.ct())
    assert same_grid(given.image, two_scanners.ct().image)
    assert set(np.unique(given.array)) == {0, 1}


def test_masks_that_cannot_work_are_refused() -> None:
    ct = two_scanners.ct()
    with pytest.raises(BadInput, match="is empty"):
        checked(ct.like(np.zeros((40, 48, 56), np.uint8)), ct)
    far = ct.like(np.ones((40, 48, 56), np.uint8))
    far.image.SetOrigin((9000.0, 0.0, 0.0))
    with pytest.raises(BadInput, match="outside"):
        checked(far, ct)
    with pytest.raises(BadInput, match="does not fit"):
        checked(Volume(sitk.Image([5, 5], sitk.sitkUInt8) + 1), ct)


def request(how: str, **changes: object) -> Request:
    return Request(two_scanners.ct(), two_scanners.mr(), RegistrationSettings(initial=how), **changes)  # type: ignore[arg-type]


def test_geometry_brings_the_middle_of_one_grid_to_that_of_the_other() -> None:
    fixed, moving = two_scanners.ct(), two_scanners.mr()
    found = initial.start(request("geometry"))
    assert np.allclose(found.TransformPoint(transforms.centre(fixed)), transforms.centre(moving))


def test_geometry_bridges_origins_hundreds_of_millimetres_apart() -> None:
    moving = two_scanners.mr()
    far = moving.like(moving.array)
    far.image.SetOrigin((-900.0, 700.0, -1500.0))
    found = initial.geometry(Request(two_scanners.ct(), far))
    assert np.allclose(found.TransformPoint(transforms.centre(two_scanners.ct())), transforms.centre(far))


def test_moments_bring_the_body_onto_the_body() -> None:
    found = initial.start(request("moments"))
    middle = np.array([366.0, -363.6, 862.4])
    assert np.linalg.norm(np.subtract(found.TransformPoint(middle), two_scanners.truth().TransformPoint(middle))) < 3


def test_none_and_a_file_and_a_given_transform_are_taken_as_they_are(tmp_path: Path) -> None:
    path = transforms.save(two_scanners.truth(), tmp_path / "start.h5")
    points = transforms.sample_points(two_scanners.ct())
    assert np.array_equal(transforms.apply(initial.start(request("none")), points), points)
    for found in (initial.start(request(str(path))), initial.start(request("none", initial=two_scanners.truth()))):
        assert np.allclose(transforms.distances(found, two_scanners.truth(), points), 0, atol=1e-9)


def test_landmarks_as_a_start_need_points(tmp_path: Path) -> None:
    fixed = np.array([[300.0, -400, 800], [350, -410, 810], [320, -350, 830], [330, -380, 900]])
    moving = transforms.apply(two_scanners.truth(), fixed)
    found = initial.start(request("landmarks", fixed_points=fixed, moving_points=moving))
    assert np.allclose(transforms.apply(found, fixed), moving, atol=1e-8)
    with pytest.raises(BadInput, match="point pairs"):
        initial.start(request("landmarks"))
    with pytest.raises(BadInput, match="does not exist"):
        initial.start(request(str(tmp_path / "nothing.h5")))
