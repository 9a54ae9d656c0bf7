"""Reading files: geometry against nibabel, pictures, frames, NaN, modality and unit."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from bad_files import complex_voxels, four_d, good, nifti, save, sform, vector, voxels, with_value

from MedFusionLib import nifti as nifti_header
from MedFusionLib.errors import BadInput
from MedFusionLib.volume import Volume


def nibabel_file(folder: Path, affine: np.ndarray, sform_code: int = 1, qform_code: int = 1) -> Path:
    image = nibabel.Nifti1Image(voxels().T, affine)
    image.set_sform(affine, sform_code)
    image.set_qform(affine if qform_code else None, qform_code)
    nibabel.save(image, folder / "nibabel.nii.gz")
    return folder / "nibabel.nii.gz"


@pytest.mark.parametrize("codes", [(1, 1), (1, 0), (0, 1), (2, 0)])
def test_a_file_of_nibabel_has_the_same_affine(codes: tuple[int, int], tmp_path: Path) -> None:
    affine = np.array([[0, -1.5, 0, 4], [2.5, 0, 0, -7], [0, 0, -3.5, 11], [0, 0, 0, 1.0]])
    volume = Volume.read(nibabel_file(tmp_path, affine, *codes))
    np.testing.assert_allclose(volume.ijk_to_ras, affine, atol=1e-5)
    np.testing.assert_array_equal(volume.array, voxels())


def test_spacing_comes_from_sform_where_pixdim_says_otherwise(tmp_path: Path) -> None:
    path = sform(tmp_path, (2, 0, 0, 5), (0, 3, 0, 6), (0, 0, 4, 7))
    volume = Volume.read(path)
    np.testing.assert_allclose(volume.ijk_to_ras, nibabel.load(path).affine)
    assert volume.image.GetSpacing() == (2, 3, 4)
    assert "sform" in volume.notes[0]


def test_a_slightly_sheared_sform_is_mended_and_noted(tmp_path: Path) -> None:
    path = sform(tmp_path, (1, 0.0005, 0, 5), (0, 1, 0, 6), (0, 0, 1, 7))
    volume = Volume.read(path)
    np.testing.assert_allclose(volume.ijk_to_ras, nibabel.load(path).affine, atol=3e-4)
    assert volume.notes


def test_sform_and_qform_that_differ_are_noted(tmp_path: Path) -> None:
    nifti(tmp_path, 252, "2h", 1, 2)
    data = bytearray((tmp_path / "bad.nii").read_bytes())
    struct.pack_into("<12f", data, 280, 1, 0, 0, 50, 0, 1, 0, 0, 0, 0, 1, 0)
    (tmp_path / "bad.nii").write_bytes(data)
    assert "differ by" in Volume.read(tmp_path / "bad.nii").notes[0]


def test_metres_in_the_header_become_millimetres(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(voxels().T, np.diag([0.001, 0.001, 0.002, 1]))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "metre.nii")
    np.testing.assert_allclose(Volume.read(tmp_path / "metre.nii").image.GetSpacing(), (1, 1, 2), rtol=1e-6)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_scaled_integers_and_both_byte_orders_are_read(kind: type, tmp_path: Path) -> None:
    for order in "<>":
        header = nibabel.Nifti1Header(endianness=order)
        header.set_data_dtype(np.dtype(kind).newbyteorder(order))
        array = np.arange(210).reshape(5, 6, 7)
        image = nibabel.Nifti1Image(array.astype(kind), np.eye(4), header)
        image.header.set_slope_inter(1.0, 0.0)
        nibabel.save(image, tmp_path / "order.nii.gz")
        np.testing.assert_array_equal(Volume.read(tmp_path / "order.nii.gz").array, array.T)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
def test_every_volume_format_is_read(suffix: str, tmp_path: Path) -> None:
    volume = Volume.read(good(tmp_path, "volume" + suffix))
    np.testing.assert_array_equal(volume.array, voxels())
    assert volume.name == "volume"


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_grey_pictures_keep_their_values(suffix: str, kind: type, tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (20, 30)).astype(kind)
    picture = Volume.read(save(tmp_path, "a" + suffix, sitk.GetImageFromArray(array)))
    np.testing.assert_array_equal(picture.array, array)
    assert picture.image.GetSpacing() == (1.0, 1.0)


def test_the_printing_resolution_of_a_picture_does_not_matter(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.arange(200, dtype=np.uint8).reshape(10, 20))
    image.SetSpacing((1e-5, 1e-5))
    assert Volume.read(save(tmp_path, "a.tif", image)).image.GetSpacing() == (1.0, 1.0)


def test_a_jpeg_is_read(tmp_path: Path) -> None:
    array = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (32, 1))
    picture = Volume.read(save(tmp_path, "a.jpg", sitk.GetImageFromArray(array)))
    np.testing.assert_allclose(picture.array, array, atol=6)


def test_rgba_becomes_rgb_and_equal_channels_become_grey(tmp_path: Path) -> None:
    rgba = np.random.default_rng(0).integers(0, 255, (20, 30, 4), dtype=np.uint8)
    colour = Volume.read(save(tmp_path, "a.png", sitk.GetImageFromArray(rgba, isVector=True)))
    np.testing.assert_array_equal(colour.array, rgba[..., :3])
    equal = np.repeat(rgba[..., :1], 3, axis=2)
    grey = Volume.read(save(tmp_path, "b.png", sitk.GetImageFromArray(equal, isVector=True)))
    np.testing.assert_array_equal(grey.array, rgba[..., 0])


def test_a_frame_of_a_4d_file_is_chosen_by_option_or_path(tmp_path: Path) -> None:
    path = four_d(tmp_path)
    np.testing.assert_array_equal(Volume.read(path, frame=1).array, voxels(1))
    np.testing.assert_array_equal(Volume.read(f"{path}#0").array, voxels(0))


def test_a_last_dimension_of_one_is_dropped(tmp_path: Path) -> None:
    path = save(tmp_path, "a.nii.gz", sitk.JoinSeries([sitk.GetImageFromArray(voxels())]))
    assert Volume.read(path).dimension == 3
    with pytest.raises(BadInput, match="has 1 frame; frame 3"):
        Volume.read(path, frame=3)


def test_a_component_of_a_vector_is_chosen(tmp_path: Path) -> None:
    np.testing.assert_array_equal(Volume.read(vector(tmp_path, 6), frame=4).array, voxels(4))


def test_complex_voxels_are_refused_even_with_a_frame(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="complex"):
        Volume.read(complex_voxels(tmp_path), frame=0)


def test_a_2d_nifti_is_a_picture_with_geometry(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(voxels()[0])
    image.SetSpacing((0.5, 0.75))
    volume = Volume.read(save(tmp_path, "a.nii", image))
    assert volume.dimension == 2
    assert volume.image.GetSpacing() == (0.5, 0.75)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_non_finite_voxel_takes_the_background_of_the_modality(suffix: str, value: float, tmp_path: Path) -> None:
    path = save(tmp_path, "a" + suffix, sitk.ReadImage(str(with_value(tmp_path, 1.0))))
    data = bytearray(gzip.decompress(path.read_bytes()) if suffix == ".nii.gz" else path.read_bytes())
    struct.pack_into("<f", data, 352 + 4 * (3 * 30 * 40 + 4 * 40 + 5), value)
    path.write_bytes(gzip.compress(bytes(data)) if suffix == ".nii.gz" else bytes(data))
    with pytest.raises(BadInput, match="1 voxels of 24000"):
        Volume.read(path)
    volume = Volume.read(path, modality="CT", non_finite="background")
    expected = voxels()
    expected[3, 4, 5] = -1000.0
    np.testing.assert_array_equal(volume.array, expected)
    assert "1 voxels" in volume.notes[0]


def test_nan_in_one_frame_does_not_spoil_another(tmp_path: Path) -> None:
    frames = [voxels(0), voxels(1)]
    frames[1][0, 0, 0] = np.nan
    nibabel.save(nibabel.Nifti1Image(np.stack([frame.T for frame in frames], -1), np.eye(4)), tmp_path / "a.nii")
    np.testing.assert_array_equal(Volume.read(tmp_path / "a.nii", frame=0).array, voxels(0))
    with pytest.raises(BadInput, match="NaN"):
        Volume.read(tmp_path / "a.nii", frame=1)


def test_a_ct_has_hounsfield_units_only_where_its_values_can_be(tmp_path: Path) -> None:
    hounsfield = sitk.GetImageFromArray((voxels() * 300).astype(np.int16))
    assert Volume.read(save(tmp_path, "ct.nii.gz", hounsfield)).unit == "HU"
    grey = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 255, (5, 6, 7), dtype=np.uint8))
    volume = Volume.read(save(tmp_path, "ct.nii", grey))
    assert volume.unit == ""
    assert "cannot be Hounsfield" in volume.notes[0]


@pytest.mark.parametrize(("name", "unit"), [("pet.nii.gz", ""), ("pet_suv.nii.gz", "SUV"), ("SUVbw.nrrd", "SUV")])
def test_a_pet_file_is_in_suv_only_when_its_name_says_so(name: str, unit: str, tmp_path: Path) -> None:
    volume = Volume.read(good(tmp_path, name))
    assert (volume.modality, volume.unit) == ("PET", unit)


def test_the_user_decides_the_modality(tmp_path: Path) -> None:
    assert Volume.read(good(tmp_path, "ct.nii.gz"), modality="pt").modality == "PET"


def test_no_patient_data_of_the_file_are_kept_in_the_image(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(voxels())
    image.SetMetaData("PatientName", "Somebody")
    assert Volume.read(save(tmp_path, "a.nrrd", image)).image.GetMetaDataKeys() == ()


def test_the_environment_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITK_NIFTI_SFORM_PERMISSIVE", "maybe")
    Volume.read(good(tmp_path))
    assert os.environ["ITK_NIFTI_SFORM_PERMISSIVE"] == "maybe"
    monkeypatch.delenv("ITK_NIFTI_SFORM_PERMISSIVE")
    Volume.read(good(tmp_path))
    assert "ITK_NIFTI_SFORM_PERMISSIVE" not in os.environ
    assert sitk.ProcessObject.GetGlobalWarningDisplay() is True


@pytest.mark.parametrize("mirrored", [1.0, -1.0])
def test_our_qform_is_nibabels(mirrored: float, tmp_path: Path) -> None:
    affine = np.diag([2.0, 3.0, 4.0 * mirrored, 1.0])
    affine[:3, :3] = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]]) @ affine[:3, :3]
    affine[:3, 3] = 1, 2, 3
    path = nibabel_file(tmp_path, affine)
    qform = nifti_header.check(path).qform
    assert qform is not None
    np.testing.assert_allclose(qform, nibabel.load(path).get_qform(), atol=1e-6)


def test_reading_a_volume_loads_no_heavy_package(tmp_path: Path) -> None:
    path = good(tmp_path)
    code = (
        f"from MedFusionLib import Volume; Volume.read({str(path)!r}); import sys; "
        "print([name for name in ('pydicom', 'matplotlib', 'torch', 'scipy', 'itk') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
