"""Landmarks: files in both coordinate systems, fits against known transforms, and points that cannot work."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.registration import landmarks, transforms
from MedFusionLib.registration.points import read_pairs, read_points
from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.volume import Volume

FIXED = np.array([[10.0, 20, 30], [60, 25, 35], [15, 80, 40], [30, 40, 90], [70, 75, 85], [20, 60, 65]])
LPS = [[1.0, 2.0, 3.0], [-4.0, 5.5, -6.25]]


def grid() -> Volume:
    image = sitk.Image([40, 40, 50], sitk.sitkUInt8)
    image.SetSpacing((2.0, 2.0, 2.0))
    return Volume(image)


def request(kind: str, fixed: np.ndarray | None, moving: np.ndarray | None) -> Request:
    settings = RegistrationSettings(method="landmarks", transform=kind)  # type: ignore[arg-type]
    return Request(grid(), grid(), settings, fixed_points=fixed, moving_points=moving)


def known(kind: str) -> sitk.Transform:
    turn = np.array(sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5).GetMatrix()).reshape(3, 3)
    shear = np.array([[1.1, 0.2, 0], [0, 0.9, 0.1], [0, 0, 1.2]])
    stretch = {"rigid": np.eye(3), "similarity": 1.3 * np.eye(3), "affine": shear}
    return transforms.affine(turn @ stretch[kind], np.array([500.0, -300.0, 40.0]))


@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine"])
def test_exact_points_give_back_the_known_transform(kind: str) -> None:
    moving = transforms.apply(known(kind), FIXED)
    found = landmarks.register(request(kind, FIXED, moving))
    assert np.allclose(found.GetParameters(), known(kind).GetParameters(), atol=1e-8)


def test_a_mirrored_set_gives_a_rotation_and_never_a_reflection() -> None:
    found = landmarks.fit("rigid", FIXED, FIXED * [-1, 1, 1])
    assert np.linalg.det(np.reshape(found.GetMatrix(), (3, 3))) == pytest.approx(1)


def test_rigid_agrees_with_itks_own_initialiser_on_noisy_points() -> None:
    moving = transforms.apply(known("rigid"), FIXED) + np.random.default_rng(0).normal(0, 2, FIXED.shape)
    theirs = sitk.LandmarkBasedTransformInitializer(
        sitk.VersorRigid3DTransform(), FIXED.ravel().tolist(), moving.ravel().tolist()
    )
    found = landmarks.fit("rigid", FIXED, moving)
    assert np.allclose(transforms.apply(found, FIXED), transforms.apply(theirs, FIXED), atol=1e-6)


def test_the_thin_plate_spline_meets_every_point_and_keeps_an_affine_map_exact() -> None:
    moving = FIXED + np.random.default_rng(1).normal(0, 3, FIXED.shape)
    found = landmarks.register(request("bspline", FIXED, moving))
    # The field has nodes every 5 mm and goes linearly between them.
    assert np.abs(transforms.apply(found, FIXED) - moving).max() < 0.6
    straight = landmarks.register(request("bspline", FIXED, transforms.apply(known("affine"), FIXED)))
    assert np.allclose(transforms.apply(straight, FIXED), transforms.apply(known("affine"), FIXED), atol=1e-6)


def test_points_of_pictures_work_too() -> None:
    fixed = np.array([[1.0, 1], [9, 2], [3, 8], [8, 9]])
    moving = fixed @ np.array([[0.0, 1], [-1, 0]]) + [5, 6]
    assert np.allclose(transforms.apply(landmarks.fit("rigid", fixed, moving), fixed), moving)


@pytest.mark.parametrize(("kind", "fixed", "words"), [
    ("rigid", FIXED[:2], "too few"),
    ("affine", FIXED[:3], "too few"),
    ("rigid", np.array([[0.0, 0, 0], [1, 1, 1], [2, 2, 2], [5, 5, 5]]), "one line"),
    ("affine", np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [9, 9, 0]]), "one plane"),
    ("bspline", np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [9, 9, 0]]), "one plane"),
    ("rigid", FIXED[[0, 1, 2, 2]], "same place"),
    ("rigid", np.where(FIXED == 10, np.nan, FIXED), "not finite"),
])
def test_points_that_cannot_work_are_refused(kind: str, fixed: np.ndarray, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        landmarks.register(request(kind, fixed, FIXED[: len(fixed)]))


def test_no_points_and_unequal_counts_are_refused() -> None:
    with pytest.raises(BadInput, match="none were given"):
        landmarks.register(request("rigid", None, None))
    with pytest.raises(BadInput, match="no pairs"):
        landmarks.register(request("rigid", FIXED, FIXED[:5]))


def markups(points: list[list[float]], system: str) -> str:
    control = [{"position": p, "positionStatus": "defined"} for p in points]
    control.append({"position": [9, 9, 9], "positionStatus": "undefined"})
    return json.dumps({"markups": [{"type": "Fiducial", "coordinateSystem": system, "controlPoints": control}]})


def test_every_format_and_system_gives_the_same_lps_points(tmp_path: Path) -> None:
    ras = [[-x, -y, z] for x, y, z in LPS]
    rows = "".join(f"id,{x},{y},{z},0,0,0,1,1,1,0,F-1,,\n" for x, y, z in ras)
    files = {
        "lps.mrk.json": markups(LPS, "LPS"),
        "ras.mrk.json": markups(ras, "RAS"),
        "ras.fcsv": f"# Markups fiducial file version = 4.11\n# CoordinateSystem = RAS\n# columns = id,x,y,z\n{rows}",
        "old.fcsv": f"# CoordinateSystem = 0\n{rows}",
        "lps.fcsv": "# CoordinateSystem = LPS\n" + "".join(f"id,{x},{y},{z}\n" for x, y, z in LPS),
        "table.csv": "name,x,y,z\n" + "".join(f"a point,{x},{y},{z}\n" for x, y, z in LPS),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        assert np.array_equal(read_points(tmp_path / name), LPS), name


def test_pairs_come_from_one_table_or_from_two_files(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("1,2,3,4,5,6\n-1,-2,-3,-4,-5,-6\n")
    fixed, moving = read_pairs(tmp_path / "pairs.csv")
    assert np.array_equal(fixed, [[1, 2, 3], [-1, -2, -3]])
    assert np.array_equal(moving, [[4, 5, 6], [-4, -5, -6]])
    for name, points in (("f.mrk.json", fixed), ("m.mrk.json", moving)):
        (tmp_path / name).write_text(markups(points.tolist(), "LPS"))
    again = read_pairs(f"{tmp_path / 'f.mrk.json'};{tmp_path / 'm.mrk.json'}")
    assert np.array_equal(again[0], fixed)
    assert np.array_equal(again[1], moving)


@pytest.mark.parametrize(("name", "text"), [
    ("missing.csv", None), ("empty.csv", ""), ("words.csv", "a,b,c\n"), ("short.csv", "1,2\n"), ("bad.mrk.json", "{"),
    ("other.mrk.json", "{}"), ("none.mrk.json", '{"markups": [{"controlPoints": []}]}'), ("x.fcsv", "id,a,b,c\n"),
    ("system.fcsv", "# CoordinateSystem = XYZ\nid,1,2,3\n"), ("nan.csv", "1,2,nan\n"), ("points.txt", "1 2 3\n"),
])
def test_damaged_landmark_files_are_refused_in_one_line(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(BadInput) as caught:
        read_points(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
