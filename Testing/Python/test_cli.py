"""The command line, called as a user would, in this process."""

import csv
import json
import os
import signal

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib import Recipe, Volume, run
from MedFusionLib.cli import main

RUN_FILES = {
    "aligned_MR.nii.gz",
    "aligned_PET_SUV.nii.gz",
    "fused_CT+MR+PET_SUV.nii.gz",
    "metrics.csv",
    "overview.png",
    "record.json",
    "report.html",
    "scene.mrb",
    "transform_MR.h5",
    "transform_PET_SUV.h5",
}


def _fuse(files, folder, *options):
    return main(["fuse", *map(str, files), "--output", str(folder), *options])


def test_fuse_writes_everything_and_says_so(patient_files, tmp_path, verdict, capsys):
    assert _fuse(patient_files, tmp_path / "out") == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == RUN_FILES
    said = capsys.readouterr().out
    assert "accept" in said
    assert "not for measuring" in said


def test_the_command_line_and_python_give_the_same_voxels(patient_files, tmp_path, verdict):
    _fuse(patient_files[:2], tmp_path / "out", "--method", "dwt", "--plain", "--progress", "none")
    expected = run([Volume.read(file) for file in patient_files[:2]], Recipe(method="dwt")).fused
    written = sitk.ReadImage(str(tmp_path / "out" / "fused_CT+MR.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written), expected.array)
    np.testing.assert_allclose(written.GetOrigin(), expected.image.GetOrigin(), atol=1e-4)
    assert "not for measuring" in written.GetMetaData("ITK_FileNotes")


def test_the_recipe_in_the_record_gives_the_same_voxels_again(patient_files, tmp_path, verdict):
    options = ("--method", "laplacian", "--window", "CT=bone", "--plain", "--progress", "none")
    _fuse(patient_files[:2], tmp_path / "first", *options)
    first = json.loads((tmp_path / "first" / "record.json").read_text())
    (tmp_path / "recipe.json").write_text(json.dumps(first["recipe"]))
    recipe = ("--recipe", str(tmp_path / "recipe.json"))
    _fuse(patient_files[:2], tmp_path / "again", *recipe, "--plain", "--progress", "none")
    again = json.loads((tmp_path / "again" / "record.json").read_text())
    assert again["fusions"][0]["voxels_sha256"] == first["fusions"][0]["voxels_sha256"]


def test_json_progress_is_one_object_a_line_and_ends_with_the_record(patient_files, tmp_path, verdict, capsys):
    _fuse(patient_files[:2], tmp_path / "out", "--plain", "--progress", "json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["stage"] for line in lines[:-1]} >= {"read", "register", "fuse", "measure", "write"}
    assert lines[-1]["done"] is True
    assert lines[-1]["record"]["fusions"]


def test_a_pair_of_pictures_gives_a_picture(tmp_path, capsys):
    random = np.random.default_rng(0)
    arrays = [random.integers(0, 256, (50, 60), dtype=np.uint8) for _ in range(2)]
    for name, array in zip("ab", arrays, strict=True):
        sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / f"{name}.png"))
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    assert _fuse(files, tmp_path / "out", "--method", "maximum") == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "fused_a+b.png",
        "metrics.csv",
        "overview.png",
        "record.json",
        "report.html",
    }
    fused = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "fused_a+b.png")))
    np.testing.assert_array_equal(fused, np.maximum(*arrays))


def test_a_colour_picture_gives_a_colour_picture(tmp_path):
    random = np.random.default_rng(0)
    grey = random.integers(0, 256, (50, 60), dtype=np.uint8)
    colour = np.zeros((50, 60, 3), np.uint8)
    colour[10:40, 10:40, 0] = 220
    sitk.WriteImage(sitk.GetImageFromArray(grey), str(tmp_path / "mri.png"))
    sitk.WriteImage(sitk.GetImageFromArray(colour, isVector=True), str(tmp_path / "pet.png"))
    assert _fuse([tmp_path / "mri.png", tmp_path / "pet.png"], tmp_path / "out") == 0
    fused = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "fused_mri+pet.png")))
    assert fused.shape == (50, 60, 3)
    outside = fused[:, 45:].astype(int)
    assert np.ptp(outside, axis=-1).max() <= 1


def test_a_rejected_registration_exits_with_3_and_writes_nothing(patient_files, tmp_path, verdict, capsys):
    verdict("reject", "left-right flip suspected")
    assert _fuse(patient_files[:2], tmp_path / "out") == 3
    assert not (tmp_path / "out").exists()
    assert "flip suspected" in capsys.readouterr().err


def test_a_rejected_registration_may_go_on_and_the_files_say_so(patient_files, tmp_path, verdict):
    verdict("reject", "left-right flip suspected")
    assert _fuse(patient_files[:2], tmp_path / "out", "--continue-on-rejection", "--plain", "--progress", "none") == 0
    assert "REJECTED" in (tmp_path / "out" / "record.json").read_text()


@pytest.mark.parametrize("stage", ["register", "fuse", "measure", "write"])
def test_a_termination_signal_at_any_stage_leaves_nothing_behind(
    stage, patient_files, tmp_path, verdict, monkeypatch, capsys
):
    def stop(now, fraction, message=""):
        if now == stage:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("MedFusionLib.cli.progress_of", lambda kind: stop)
    before = set(tmp_path.rglob("*"))
    assert _fuse(patient_files[:2], tmp_path / "new" / "out") == 130
    assert set(tmp_path.rglob("*")) == before
    assert "nothing was written" in capsys.readouterr().err


def test_a_full_folder_is_refused_before_any_work_and_overwritten_only_when_asked(
    patient_files, tmp_path, verdict, capsys
):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (tmp_path / "out" / "fused_old.nii.gz").write_text("stale")
    assert _fuse(patient_files[:2], tmp_path / "out") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert _fuse(patient_files[:2], tmp_path / "out", "--overwrite", "--plain", "--progress", "none") == 0
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert "notes.txt" in names
    assert "fused_old.nii.gz" not in names


def test_metrics_csv_has_a_row_for_each_fused_volume(patient_files, tmp_path, verdict):
    (tmp_path / "r.json").write_text('{"combinations": [[0, 1], [0, 2]], "method": "average"}')
    _fuse(patient_files, tmp_path / "out", "--recipe", str(tmp_path / "r.json"), "--plain", "--progress", "none")
    with (tmp_path / "out" / "metrics.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["fused"] for row in rows] == ["CT + MR", "CT + PET_SUV"]
    assert float(rows[0]["entropy"]) > 0
    assert rows[0]["hue_error"] == ""
    assert float(rows[1]["hue_error"]) >= 0


def test_evaluate_gives_the_figures_of_the_run(patient_files, tmp_path, verdict, capsys):
    _fuse(patient_files[:2], tmp_path / "out", "--plain", "--progress", "none")
    capsys.readouterr()
    written = tmp_path / "out"
    options = ["--source", str(patient_files[0]), "--source", str(written / "aligned_MR.nii.gz"), "--json"]
    assert main(["evaluate", "--fused", str(written / "fused_CT+MR.nii.gz"), *options]) == 0
    figures = json.loads(capsys.readouterr().out)
    recorded = json.loads((written / "record.json").read_text())["fusions"][0]["metrics"]
    for name, value in recorded.items():
        assert figures[name] == pytest.approx(value, rel=1e-5)


def test_register_writes_a_transform_and_tells_the_verdict(patient_files, tmp_path, verdict, capsys):
    target = tmp_path / "T.h5"
    assert main(["register", *map(str, patient_files[:2]), "--output", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"] == "accept"
    assert sitk.ReadTransform(str(target)).GetDimension() == 3


def test_register_writes_nothing_when_rejected(patient_files, tmp_path, verdict, capsys):
    verdict("reject", "no overlap")
    target = tmp_path / "T.h5"
    assert main(["register", *map(str, patient_files[:2]), "--output", str(target)]) == 3
    assert not target.exists()


@pytest.mark.parametrize("command", ["methods", "metrics"])
def test_lists_are_for_people_and_for_programs(command, capsys):
    assert main([command]) == 0
    assert "maximum" in capsys.readouterr().out if command == "methods" else capsys.readouterr().out
    assert main([command, "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert all({"name", "title", "reference"} <= set(entry) for entry in entries)


def test_a_wrong_option_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["fuse", "a.nii", "b.nii", "--output", "x", "--plane", "diagonal"])
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
