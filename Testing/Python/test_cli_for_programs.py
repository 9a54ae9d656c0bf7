"""The command line as a program calls it: errors as data, and what files do not tell as options."""

import json
import os
import subprocess
import sys

import pytest
import SimpleITK as sitk

from MedFusionLib import Recipe, Volume, lifeline
from MedFusionLib.arguments import parser
from MedFusionLib.cli import main, read_volumes
from MedFusionLib.errors import BadInput, RegistrationRejected, from_data


def _last(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_an_error_is_also_told_as_data_to_those_who_read_json(patient_files, tmp_path, capsys):
    files = [str(file) for file in patient_files[:2]]
    given = ["fuse", *files, "--output", str(tmp_path / "out"), "--method", "magic"]
    assert main([*given, "--progress", "json"]) == 2
    error = from_data(_last(capsys))
    assert type(error) is BadInput
    assert "unknown fusion method 'magic'" in error.what
    assert "Known are" in error.mend
    assert main([*given, "--progress", "none"]) == 2
    assert capsys.readouterr().out == ""


def test_short_memory_is_told_with_its_mend(patient_files, tmp_path, capsys, monkeypatch):
    def full(*given):
        raise MemoryError

    monkeypatch.setattr("MedFusionLib.pipeline.run", full)
    files = [str(file) for file in patient_files[:2]]
    assert main(["fuse", *files, "--output", str(tmp_path / "out"), "--progress", "json"]) == 2
    assert "crop the volumes" in from_data(_last(capsys)).mend


def test_a_registration_tells_its_verdict_as_data_and_takes_settings(patient_files, tmp_path, verdict, capsys):
    recipe = Recipe().with_registration(transform="warp")
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    given = ["register", *map(str, patient_files[:2]), "--output", str(tmp_path / "t.h5"), "--progress", "json"]
    assert main([*given, "--recipe", str(tmp_path / "recipe.json")]) == 2
    assert "warp" in from_data(_last(capsys)).what
    assert main(given) == 0
    told = _last(capsys)
    assert (told["done"], told["decision"], told["evidence"]) == (True, "accept", {"overlap_fraction": 1.0})
    assert sitk.ReadTransform(str(tmp_path / "t.h5")).GetDimension() == 3


def test_a_rejected_registration_is_an_error_to_programs_too(patient_files, tmp_path, verdict, capsys):
    verdict("reject", "left-right flip suspected")
    given = ["register", *map(str, patient_files[:2]), "--output", str(tmp_path / "t.h5"), "--progress", "json"]
    assert main(given) == 3
    error = from_data(_last(capsys))
    assert type(error) is RegistrationRejected
    assert "flip suspected" in str(error)
    assert not (tmp_path / "t.h5").exists()


@pytest.mark.skipif(not lifeline.POSSIBLE, reason="Windows has no lifeline")
def test_a_lifeline_that_breaks_cancels_and_nothing_is_written(patient_files, tmp_path):
    given = ["fuse", *map(str, patient_files[:2]), "--output", str(tmp_path / "out"), "--progress", "json"]
    with subprocess.Popen([sys.executable, "-m", "MedFusionLib", *given], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, env={**os.environ, **lifeline.ENVIRONMENT}) as process:
        while json.loads(process.stdout.readline())["stage"] != "register":
            pass
        process.stdin.close()
        said = process.stdout.read()
        assert process.wait(20) == 130
    assert "ancelled" in str(from_data(json.loads(said.splitlines()[-1])))
    assert not (tmp_path / "out").exists()


def test_unit_and_frame_of_reference_can_be_told_where_files_do_not(tmp_path, patient):
    files = [str(volume.write(tmp_path / f"{name}.nii.gz")) for volume, name in zip(patient, "abc", strict=True)]
    given = parser().parse_args(["fuse", *files, "--output", "out", "--modality=CT", "--modality=MR", "--modality=PET",
                                 "--unit=", "--unit=", "--unit=SUV", "--frame-of-reference=1.2",
                                 "--frame-of-reference=", "--frame-of-reference=1.2", "--name=-odd", "--name=b",
                                 "--name=c"])
    volumes = read_volumes(given)
    assert [volume.unit for volume in volumes] == ["HU", "", "SUV"]
    assert [volume.frame_of_reference for volume in volumes] == ["1.2", "", "1.2"]
    assert [volume.name for volume in volumes] == ["-odd", "b", "c"]
    given.unit.append("HU")
    with pytest.raises(BadInput, match="4 units for 3 volumes"):
        read_volumes(given)
    assert Volume.read(files[2], "PET").unit == ""
