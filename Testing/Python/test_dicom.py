"""DICOM series: order, geometry, values and units, on small series written with pydicom."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_series import enhanced, series, structures, two_series, two_times, voxels
from pydicom import dcmread
from pydicom.dataset import Dataset

from MedFusionLib.errors import BadInput
from MedFusionLib.volume import Volume


def drug(**tags: Any) -> list[Dataset]:
    """The radiopharmaceutical of a PET: 370 MBq of 18F at 10:00."""
    data = Dataset()
    data.RadiopharmaceuticalStartTime = "100000"
    data.RadionuclideTotalDose, data.RadionuclideHalfLife = 370e6, 6588.0
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    return [data]


def pet(folder: Path, **changes: Any) -> Volume:
    """A PET series in Bq/ml: 70 kg, scanned at 11:49:48, one half-life after the injection."""
    tags: dict[str, Any] = {
        "Modality": "PT", "Units": "BQML", "CorrectedImage": ["DECY", "ATTN"], "DecayCorrection": "START",
        "PatientWeight": 70.0, "SeriesDate": "20200102", "SeriesTime": "114948.00",
        "AcquisitionDate": "20200102", "AcquisitionTime": "114948", "RescaleIntercept": 0.0,
        "RadiopharmaceuticalInformationSequence": drug(),
    }
    return Volume.read(series(folder, tags={**tags, **changes}))


def test_slices_are_ordered_by_position_and_rescaled(tmp_path: Path) -> None:
    volume = Volume.read(series(tmp_path))
    np.testing.assert_array_equal(volume.array, voxels().astype(int) - 1024)
    expected = [[-1.25, 0, 0, 10], [0, -1.5, 0, -20], [0, 0, 3, 30], [0, 0, 0, 1]]
    np.testing.assert_allclose(volume.ijk_to_ras, expected, atol=1e-9)


def test_tags_become_modality_unit_name_and_frame_of_reference(tmp_path: Path) -> None:
    volume = Volume.read(series(tmp_path, tags={"SeriesDescription": "Thorax 3.0/B30f"}))
    assert (volume.modality, volume.unit, volume.frame_of_reference) == ("CT", "HU", "1.2.3.77")
    assert volume.name == "Thorax_3_0_B30f"
    assert volume.image.GetMetaDataKeys() == ()


def test_one_of_two_series_is_chosen_by_its_uid(tmp_path: Path) -> None:
    folder = two_series(tmp_path)
    assert Volume.read(f"{folder}#1.2.3.5").image.GetSize()[2] == 6
    assert Volume.read(f"{folder}#1.2.3.4").image.GetSize()[2] == 8


def test_one_of_two_time_points_is_chosen(tmp_path: Path) -> None:
    assert Volume.read(two_times(tmp_path), frame=1).image.GetSize()[2] == 8


def test_a_structure_set_and_other_files_beside_the_images_are_skipped(tmp_path: Path) -> None:
    folder = series(tmp_path)
    structures(tmp_path, "series")
    (folder / "notes.txt").write_text("hello")
    os.mkfifo(folder / "pipe")
    assert Volume.read(folder).image.GetSize()[2] == 8


def test_the_images_are_found_in_a_sub_folder(tmp_path: Path) -> None:
    series(tmp_path, "image")
    structures(tmp_path, "mask")
    assert Volume.read(tmp_path).image.GetSize()[2] == 8


def test_slopes_that_differ_between_slices_are_each_applied(tmp_path: Path) -> None:
    slopes = {index: 0.1 * (index + 1) for index in range(8)}
    volume = Volume.read(series(tmp_path, slopes=slopes, tags={"RescaleIntercept": 0.0}))
    expected = voxels() * np.array([slopes[index] for index in range(8)])[:, None, None]
    np.testing.assert_allclose(volume.array, expected, rtol=1e-6)


def test_pydicom_reads_the_same_values(tmp_path: Path) -> None:
    folder = series(tmp_path)
    slices = sorted((dcmread(path) for path in folder.iterdir()), key=lambda one: one.ImagePositionPatient[2])
    stack = np.stack([one.pixel_array * one.RescaleSlope + one.RescaleIntercept for one in slices])
    np.testing.assert_array_equal(Volume.read(folder).array, stack)


def test_small_unevenness_of_slices_is_allowed(tmp_path: Path) -> None:
    folder = series(tmp_path)
    victim = next(iter(folder.iterdir()))
    data = dcmread(victim)
    data.ImagePositionPatient[2] += 0.05
    data.save_as(victim)
    assert Volume.read(folder).image.GetSize()[2] == 8


def test_pet_in_grams_per_millilitre_is_suv_already(tmp_path: Path) -> None:
    volume = pet(tmp_path, Units="GML")
    assert (volume.modality, volume.unit) == ("PET", "SUV")
    np.testing.assert_array_equal(volume.array, voxels())


def test_pet_in_becquerel_becomes_suv_by_the_hand_worked_factor(tmp_path: Path) -> None:
    volume = pet(tmp_path)
    # One half-life has passed: 70 000 g / (370 MBq / 2).
    np.testing.assert_allclose(volume.array, voxels() * (70000.0 / 185e6), rtol=1e-6)
    assert volume.unit == "SUV"
    assert "0.000378378" in volume.notes[0]


def test_pet_corrected_to_the_injection_needs_no_decay(tmp_path: Path) -> None:
    np.testing.assert_allclose(pet(tmp_path, DecayCorrection="ADMIN").array, voxels() * (70000.0 / 370e6), rtol=1e-6)


def test_an_injection_before_midnight_is_of_the_day_before(tmp_path: Path) -> None:
    times = {"SeriesTime": "003000", "AcquisitionTime": "003000"}
    sequence = drug(RadiopharmaceuticalStartTime="224012")
    volume = pet(tmp_path, **times, RadiopharmaceuticalInformationSequence=sequence)
    np.testing.assert_allclose(volume.array, voxels() * (70000.0 / 185e6), rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PatientWeight": ""}, "weight"),
        ({"RadiopharmaceuticalInformationSequence": drug(RadionuclideTotalDose="")}, "dose"),
        ({"RadiopharmaceuticalInformationSequence": []}, "radiopharmaceutical"),
        ({"DecayCorrection": "NONE"}, "NONE"),
        ({"CorrectedImage": ["ATTN"]}, "not corrected"),
        ({"SeriesTime": "120000"}, "later than"),
        ({"AcquisitionTime": ""}, "acquisition time"),
    ],
)
def test_pet_stays_in_becquerel_and_says_why_where_suv_cannot_be_known(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    volume = pet(tmp_path, **changes)
    assert volume.unit == "Bq/ml"
    assert reason in volume.notes[0]
    np.testing.assert_array_equal(volume.array, voxels())


def test_without_pydicom_pet_stays_in_becquerel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    volume = pet(tmp_path)
    assert volume.unit == "Bq/ml"
    assert "pydicom" in volume.notes[0]


def test_other_pet_units_are_noted(tmp_path: Path) -> None:
    volume = pet(tmp_path, Units="CNTS")
    assert volume.unit == ""
    assert "CNTS" in volume.notes[0]


def test_the_user_may_call_the_series_something_else(tmp_path: Path) -> None:
    volume = Volume.read(series(tmp_path), modality="MR", name="mine")
    assert (volume.modality, volume.unit, volume.name) == ("MR", "", "mine")


def test_a_gap_is_told_with_its_files_and_millimetres(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gap of 9 mm between .*dcm and .*dcm, where slices are 3 mm apart"):
        Volume.read(series(tmp_path, missing=(3, 4)))


@pytest.mark.parametrize("order", [range(5), range(4, -1, -1)])
def test_a_multi_frame_file_has_its_frames_where_they_belong(order: range, tmp_path: Path) -> None:
    volume = Volume.read(enhanced(tmp_path, order))
    np.testing.assert_array_equal(volume.array, voxels(5)[list(order)].astype(int) - 1024)
    for place, index in enumerate(order):
        assert volume.image.TransformIndexToPhysicalPoint((0, 0, place)) == pytest.approx((-10, 20, 30 + 3 * index))


def test_a_multi_frame_file_without_pydicom_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = enhanced(tmp_path)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(BadInput, match="takes pydicom"):
        Volume.read(path)
