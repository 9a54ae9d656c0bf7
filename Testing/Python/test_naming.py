"""What names tell: words that are a modality and words that only look like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from MedFusionLib.errors import BadInput
from MedFusionLib.modality import MODALITIES, modality
from MedFusionLib.naming import modality_of, stem, unique


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("CT_image.nii.gz", "CT"),
        ("sub-01_T1w.nii.gz", "MR"),
        ("sub-01_ses-2_acq-highres_FLAIR.nii.gz", "MR"),
        ("patient_PET.nrrd", "PET"),
        ("001_pt.nii.gz", "PET"),
        ("pt01_ct.nii.gz", "CT"),
        ("spect.nii.gz", "SPECT"),
        ("brain-SPECT-2.mha", "SPECT"),
        ("contrast.nii.gz", "unknown"),
        ("section.nrrd", "unknown"),
        ("ct2.nii.gz", "CT"),
        ("MR_to_CT.nii.gz", "MR"),
        ("PET-CT.nii.gz", "unknown"),
        ("status.nii.gz", "unknown"),
        ("scan_us.nrrd", "US"),
        ("CT/image.nii.gz", "CT"),
        ("CT-MRI/1001.png", "unknown"),
        ("CT-MRI/MRI/1001.png", "MR"),
        ("PET/ct.nii.gz", "CT"),
        ("12.nii.gz", "unknown"),
    ],
)
def test_the_modality_is_in_the_name(path: str, expected: str) -> None:
    assert modality_of(Path("/data") / path) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ct.nii.gz", "ct"),
        ("CT.NII.GZ", "CT"),
        ("a.b.nrrd", "a.b"),
        ("series", "series"),
        ("v1.2", "v1.2"),
        ("ct.seg.nrrd", "ct"),
    ],
)
def test_a_volume_is_called_like_its_file_without_the_suffix(name: str, expected: str) -> None:
    assert stem(Path("/data") / name) == expected


def test_names_become_unique_without_meeting_others() -> None:
    assert unique(["ct", "ct", "ct-2", "mr"]) == ["ct", "ct-2", "ct-2-2", "mr"]


def test_every_word_tells_one_modality() -> None:
    words = [word for entry in MODALITIES.values() for word in entry.words + entry.last_words]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(("name", "expected"), [("ct", "CT"), ("PT", "PET"), ("nm", "SPECT"), ("Unknown", "unknown")])
def test_modalities_are_known_by_name_and_dicom_code(name: str, expected: str) -> None:
    assert modality(name).name == expected


def test_an_unknown_modality_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"XRAY.*CT, MR, PET"):
        modality("XRAY")
