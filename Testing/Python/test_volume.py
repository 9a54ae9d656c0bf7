"""Volumes: geometry kept in memory and on disk, against hand-worked matrices and nibabel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from MedFusionLib.errors import BadInput
from MedFusionLib.volume import Volume

SHAPE = (5, 6, 7)


def noise(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def oblique(mirrored: bool) -> np.ndarray:
    """IJK to RAS: 20, -35 and 50 degrees about the axes, 0.7 x 1.3 x 4.1 mm, one axis mirrored or not."""
    matrix = np.eye(4)
    flip = np.diag([1.0, 1.0, -1.0 if mirrored else 1.0])
    turn = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()
    matrix[:3, :3] = turn @ flip @ np.diag([0.7, 1.3, 4.1])
    matrix[:3, 3] = 12.5, -33.25, 101.0
    return matrix


def test_the_matrix_to_ras_is_the_hand_worked_one() -> None:
    volume = Volume.from_array(noise(), spacing=(2.0, 3.0, 4.0), origin=(10.0, 20.0, 30.0))
    assert volume.ijk_to_ras.tolist() == [[-2, 0, 0, -10], [0, -3, 0, -20], [0, 0, 4, 30], [0, 0, 0, 1]]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_matrix_goes_in_and_comes_out_the_same(mirrored: bool) -> None:
    volume = Volume.from_ijk_to_ras(noise(), oblique(mirrored))
    np.testing.assert_allclose(volume.ijk_to_ras, oblique(mirrored), atol=1e-12)
    np.testing.assert_allclose(volume.image.GetSpacing(), (0.7, 1.3, 4.1), atol=1e-12)


def test_a_voxel_lies_where_its_matrix_says_in_itk_too() -> None:
    volume = Volume.from_ijk_to_ras(noise(), oblique(True))
    ras = oblique(True) @ (1, 2, 3, 1)
    lps = volume.image.TransformIndexToPhysicalPoint((1, 2, 3))
    np.testing.assert_allclose(lps, (-ras[0], -ras[1], ras[2]), atol=1e-9)


def test_a_parent_transform_is_multiplied_in() -> None:
    parent = np.eye(4)
    parent[:3, :3] = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    parent[:3, 3] = 1.0, 2.0, 3.0
    volume = Volume.from_ijk_to_ras(noise(), np.diag([2.0, 3.0, 4.0, 1.0]), parent=parent)
    expected = [[0, -3, 0, 1], [2, 0, 0, 2], [0, 0, 4, 3], [0, 0, 0, 1]]
    np.testing.assert_allclose(volume.ijk_to_ras, expected, atol=1e-12)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd"])
def test_geometry_and_voxels_survive_the_disk(suffix: str, mirrored: bool, tmp_path: Path) -> None:
    volume = Volume.from_ijk_to_ras(noise(), oblique(mirrored))
    again = Volume.read(volume.write(tmp_path / f"volume{suffix}"))
    np.testing.assert_allclose(again.ijk_to_ras, volume.ijk_to_ras, atol=1e-6)
    np.testing.assert_array_equal(again.array, volume.array)


@settings(max_examples=25, deadline=None)
@given(
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
    spacing=st.tuples(*[st.floats(0.1, 9.0)] * 3),
    signs=st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3),
)
def test_any_grid_survives_nrrd(
    angles: tuple[float, ...],
    spacing: tuple[float, ...],
    signs: tuple[float, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() @ np.diag(signs) @ np.diag(spacing)
    path = tmp_path_factory.mktemp("grids") / "volume.nrrd"
    volume = Volume.from_ijk_to_ras(noise((3, 3, 3)), matrix)
    np.testing.assert_allclose(Volume.read(volume.write(path)).ijk_to_ras, matrix, atol=1e-6)


@pytest.mark.parametrize("mirrored", [False, True])
def test_nibabel_reads_our_nifti_with_the_same_affine(mirrored: bool, tmp_path: Path) -> None:
    volume = Volume.from_ijk_to_ras(noise(), oblique(mirrored))
    other = nibabel.load(volume.write(tmp_path / "volume.nii.gz"))
    np.testing.assert_allclose(other.affine, oblique(mirrored), atol=1e-5)
    np.testing.assert_array_equal(np.asarray(other.dataobj).T, volume.array)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int16", "uint16", "int32", "float16", "float32", "float64", ">i2"])
def test_arrays_of_every_kind_keep_their_values(kind: str) -> None:
    array = np.random.default_rng(0).integers(0, 2, SHAPE).astype(kind)
    np.testing.assert_array_equal(Volume.from_array(array).array, array)


def test_the_voxels_outlive_their_volume() -> None:
    array = Volume.from_array(noise((50, 60, 70))).array
    assert not array.flags.writeable
    np.testing.assert_array_equal(array, noise((50, 60, 70)))


def test_colour_is_known_by_its_last_axis() -> None:
    assert Volume.from_array(np.zeros((4, 5, 3), np.uint8)).dimension == 2
    volume = Volume.from_array(np.zeros((4, 5, 6, 3), np.uint8))
    assert volume.is_colour
    assert volume.image.GetSize() == (6, 5, 4)


def test_a_direction_off_by_rounding_is_mended_to_the_nearest_orthonormal_one() -> None:
    matrix = np.eye(4)
    matrix[0, 1] = 4e-4
    volume = Volume.from_ijk_to_ras(noise(), matrix)
    direction = np.reshape(volume.image.GetDirection(), (3, 3))
    np.testing.assert_allclose(direction @ direction.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(volume.ijk_to_ras, matrix, atol=3e-4)


@pytest.mark.parametrize(
    ("matrix", "word"),
    [
        (np.eye(3), "shape"),
        (np.diag([1.0, 0.0, 1.0, 1.0]), "singular"),
        (np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "singular"),
        (np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "perpendicular"),
        (np.diag([1.0, np.nan, 1.0, 1.0]), "finite"),
        (np.diag([1.0, 1.0, 1.0, 2.0]), "affine"),
    ],
)
def test_a_matrix_that_is_no_grid_is_refused(matrix: np.ndarray, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        Volume.from_ijk_to_ras(noise(), matrix)


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (np.zeros(5), "shape"),
        (np.zeros((2, 2, 2, 2)), "shape"),
        (np.zeros((0, 2, 2)), "shape"),
        (np.zeros((2, 2, 2), complex), "complex"),
        (np.full((2, 2, 2), "a"), "cannot be a volume"),
        (np.full((2, 2, 2), None), "object"),
    ],
)
def test_an_array_that_is_no_volume_is_refused(array: np.ndarray, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        Volume.from_array(array)


@pytest.mark.parametrize(
    "geometry",
    [
        {"spacing": (1.0, 1.0)},
        {"spacing": (1.0, 0.0, 1.0)},
        {"spacing": (1.0, -1.0, 1.0)},
        {"origin": (0.0, np.inf, 0.0)},
        {"direction": np.zeros((3, 3))},
        {"direction": np.eye(2)},
        {"modality": "XRAY"},
    ],
)
def test_geometry_that_cannot_be_is_refused(geometry: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        Volume.from_array(noise(), **geometry)


def test_a_file_is_written_completely_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Volume.from_array(noise()).write(tmp_path / "volume.nrrd")
    before = path.read_bytes()

    def break_off(image: sitk.Image, name: str, **options: bool) -> None:
        Path(name).write_bytes(b"half")
        raise RuntimeError("disk full")

    monkeypatch.setattr(sitk, "WriteImage", break_off)
    with pytest.raises(BadInput, match="cannot be written"):
        Volume.from_array(noise() + 1).write(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["volume.nrrd"]


@pytest.mark.parametrize(
    ("name", "word"),
    [("a.xyz", r"\.nii\.gz, \.nii, \.nrrd"), ("none/a.nii", "does not exist"), ("a.png", "3-D volume of float32")],
)
def test_what_cannot_be_written_is_refused(name: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=word):
        Volume.from_array(noise()).write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 3)])
def test_a_picture_survives_png(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    again = Volume.read(Volume.from_array(array).write(tmp_path / "picture.png"))
    np.testing.assert_array_equal(again.array, array)
    assert again.dimension == 2
