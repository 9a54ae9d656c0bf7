"""What a run wrote is read back as it was."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib import Recipe, Volume, run
from MedFusionLib.errors import BadInput
from MedFusionLib.outputs import complete_folder, file_stems, write_result
from MedFusionLib.registration.settings import Registration, Verdict
from MedFusionLib.registration.transforms import compose
from MedFusionLib.saved import read_result


def _turned(fixed, moving, settings, progress):
    """A registration that turns by 6 degrees about an oblique axis, so that a part of the volume is not seen."""
    transform = sitk.VersorRigid3DTransform((0.6, 0.0, 0.8), 0.1, (5.5, -2.25, 3), (0, 70, -250))
    verdict = Verdict("warn", ("looks odd",), {"overlap_fraction": 0.875, "similarity_before": float("inf")})
    return Registration(compose([transform]), "elastix", settings, verdict, 1.5, ("noted",))


def test_a_result_read_back_equals_the_one_written(patient, tmp_path, monkeypatch):
    monkeypatch.setattr("MedFusionLib.registration.register", _turned)
    patient[0].image.SetOrigin((-40.123456789012345, 25.0, -300.0))
    made = run(patient, Recipe(method="average", combinations=((0, 1), (0, 1, 2))))
    assert not made.validity[1].all()
    write_result(made, tmp_path / "out", plain=True)
    back = read_result(tmp_path / "out", patient)
    for first, second in zip((*made.sources, *(f.volume for f in made.fusions)),
                             (*back.sources, *(f.volume for f in back.fusions)), strict=True):
        np.testing.assert_array_equal(first.array, second.array)
        assert first.image.GetOrigin() == second.image.GetOrigin()
        assert (first.name, first.modality, first.unit) == (second.name, second.modality, second.unit)
    for first, second in zip(made.validity, back.validity, strict=True):
        np.testing.assert_array_equal(first, second)
    for first, second in zip(made.registrations[1:], back.registrations[1:], strict=True):
        assert first.verdict == second.verdict
        assert first.transform.GetParameters() == second.transform.GetParameters()
    assert [replace(f, volume=None) for f in made.fusions] == [replace(f, volume=None) for f in back.fusions]
    assert back.record.to_json() == made.record.to_json()
    assert (back.windows, back.colour_maps) == (made.windows, made.colour_maps)
    assert back.sources[0] is back.originals[0]


def test_names_that_would_meet_in_one_file_do_not(patient, tmp_path, verdict):
    patient = [replace(volume, name=name) for volume, name in zip(patient, ("🧠", "a/b", "A b"), strict=True)]
    made = run(patient, Recipe(method="average"))
    write_result(made, tmp_path / "out", plain=True)
    back = read_result(tmp_path / "out", patient)
    for first, second in zip(made.sources, back.sources, strict=True):
        np.testing.assert_array_equal(first.array, second.array)
        assert first.name == second.name


def test_file_names_are_short_safe_and_differ_even_where_capitals_do_not_count():
    assert file_stems(["CT", "ct", "a/b", "🧠"]) == ["CT", "ct-2", "a_b", "volume"]
    assert len(file_stems(["ä" * 500])[0].encode()) <= 120
    assert file_stems(["Schädel", "頭", "頭 2"]) == ["Schadel", "volume", "2"]


def test_a_failure_is_told_even_when_a_folder_made_for_it_cannot_go(tmp_path):
    def work_and_fail():
        with complete_folder(tmp_path / "new" / "out"):
            (tmp_path / "new" / "of someone else").touch()
            raise ValueError("the cause")

    with pytest.raises(ValueError, match="the cause"):
        work_and_fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "of someone else"]


def test_files_that_cannot_be_moved_leave_no_new_folder(tmp_path, monkeypatch):
    def fail(source, target):
        raise PermissionError("in use")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(PermissionError, match="in use"), complete_folder(tmp_path / "new" / "out") as work:
        (work / "a.txt").touch()
    assert not list(tmp_path.iterdir())


def test_other_volumes_than_the_runs_and_folders_without_one_are_refused(patient, tmp_path, verdict):
    write_result(run(patient[:2], Recipe(method="average")), tmp_path / "out", plain=True)
    other = Volume.from_array(np.arange(60.0).reshape(3, 4, 5))
    with pytest.raises(BadInput, match="run's own volumes"):
        read_result(tmp_path / "out", [patient[0], other])
    with pytest.raises(BadInput, match="run's own volumes"):
        read_result(tmp_path / "out", patient)
    with pytest.raises(BadInput, match="no record"):
        read_result(tmp_path, patient)
    (tmp_path / "out" / "fused_CT+MR.nii.gz").unlink()
    with pytest.raises(BadInput, match="missing or damaged"):
        read_result(tmp_path / "out", patient[:2])
    (tmp_path / "out" / "record.json").write_text(json.dumps({"inputs": []}))
    with pytest.raises(BadInput, match="no record"):
        read_result(tmp_path / "out", patient[:2])
