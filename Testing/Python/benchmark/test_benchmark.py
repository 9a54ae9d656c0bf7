"""The benchmark on made pairs: what it reads, what it finds, what it refuses."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from made_pairs import SIZE, smooth, write, write_pairs
from phantom import labels

from MedFusionLib.benchmark.cases import picture_pairs, series_of
from MedFusionLib.benchmark.run import benchmark
from MedFusionLib.benchmark.table import as_data, as_text
from MedFusionLib.cli import main
from MedFusionLib.errors import BadInput, RegistrationRejected
from MedFusionLib.metrics import metric_names
from MedFusionLib.volume import Volume

METRICS = metric_names(["ssim", "scd"])


@pytest.fixture(scope="module")
def grey(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grey")
    pairs = write_pairs(folder, 6, 1)
    for name in ("10000", "11000", "12000", "13000", "14000", "15000"):
        pictures = [Volume.read(side / f"{name}.png").array for side in pairs]
        write(folder / "mean", name, np.mean(pictures, axis=0) / 255.0)
        write(folder / "ct", name, pictures[0] / 255.0)
    cases, notes = picture_pairs(pairs, {"mean": folder / "mean", "ct": folder / "ct"}, [], METRICS)
    return pairs, folder, benchmark(cases, ["average", "laplacian"], notes, pictures=3)


def row_of(result, name):
    return next(row for row in result.rows if row.name == name)


def test_the_series_is_the_name_without_the_slices_number():
    assert [series_of(stem) for stem in ("34002", "4107", "107", "patient")] == ["34", "4", "107", "patient"]


def test_methods_pictures_made_elsewhere_and_reference_rows_stand_in_one_table(grey):
    *_, result = grey
    assert [(row.name, row.kind) for row in result.rows[:4]] == [
        ("average", "method"), ("laplacian", "method"), ("mean", "given"), ("ct", "given")
    ]
    assert {row.name for row in result.rows if row.kind == "reference"} == {
        "reference maximum", "reference average", "copy of CT", "copy of MRI",
        "probe noise", "probe stretch", "probe sharpen",
    }
    assert result.sources == ("CT", "MRI")
    assert len(result.cases) == 6
    assert not result.functional


def test_a_picture_made_elsewhere_gets_the_figures_of_the_method_that_made_it(grey):
    *_, result = grey
    made, method = row_of(result, "mean"), row_of(result, "average")
    for name in ("ssim", "scd", "recoverability", "recoverability of CT", "invention"):
        assert made.intervals[name].mean == pytest.approx(method.intervals[name].mean, abs=0.02)
    assert "retention" not in made.scores
    assert method.intervals["retention"].mean == pytest.approx(0.5, abs=0.15)
    copied = row_of(result, "copy of CT")
    assert row_of(result, "ct").scores["ssim"] == pytest.approx(copied.scores["ssim"])


def test_a_method_may_stand_in_the_table_twice_with_other_parameters(grey):
    (first, second), *_ = grey
    cases, _ = picture_pairs((first, second), {}, ["10"], METRICS)
    result = benchmark(cases, ["laplacian", "laplacian:levels=1"])
    plain, changed = row_of(result, "laplacian"), row_of(result, "laplacian:levels=1")
    assert changed.title == f"{plain.title} (levels=1)"
    assert changed.scores["ssim"] != plain.scores["ssim"]
    with pytest.raises(BadInput, match="no parameter 'level'"):
        benchmark(cases, ["laplacian:level=1"])


def test_copies_keep_one_source_and_lose_the_other(grey):
    *_, result = grey
    copied = row_of(result, "copy of CT").intervals
    assert copied["retention of CT"].mean == pytest.approx(1.0, abs=1e-3)
    assert copied["retention of MRI"].mean == 0.0
    assert copied["recoverability of CT"].mean > 0.99
    assert copied["recoverability"].mean < 0.3


def test_tests_are_against_the_maximum_over_patients_and_leave_the_references_out(grey):
    *_, result = grey
    tested = {test.method for test in result.tests}
    assert tested == {"average", "laplacian", "mean", "ct"}
    assert {test.against for test in result.tests} == {"reference maximum"}
    ssim = next(test for test in result.tests if (test.figure, test.method) == ("ssim", "average"))
    assert ssim.series == 6
    assert 0.0 < ssim.p <= ssim.p_holm <= 1.0


def test_the_table_names_the_best_and_says_what_it_is_of(grey):
    *_, result = grey
    text = as_text(result)
    assert "CT + MRI: 6 cases of 6 series" in text
    assert "retention ↑" in text
    line = next(line for line in text.splitlines() if line.startswith("| *ct*"))
    assert "–" in line
    data = json.loads(json.dumps(as_data(result), allow_nan=False))
    assert data["meanings"]["recoverability of CT"]["direction"] == "higher"


def test_some_cases_spread_evenly_are_kept_to_be_shown(grey):
    pairs, folder, result = grey
    assert [shown.case.name for shown in result.pictures] == ["10000", "12000", "15000"]
    last = result.pictures[-1]
    assert [title for title, _ in last.sources] == ["CT", "MRI"]
    np.testing.assert_array_equal(last.sources[0][1], Volume.read(pairs[0] / "15000.png").array)
    titles = [title for title, _ in last.fused]
    assert titles[2:] == ["mean", "ct", "Maximum of the sources", "Average of the sources"]
    np.testing.assert_array_equal(last.fused[2][1], Volume.read(folder / "mean" / "15000.png").array)
    assert last.size == SIZE
    assert "pictures" not in as_data(result)


def test_of_functional_pairs_colour_and_both_sources_come_first(tmp_path):
    function, anatomy = write_pairs(tmp_path, 1, 1, coloured=True)
    copied = Volume.read(anatomy / "10000.png").array / 255.0
    write(tmp_path / "copied", "10000", copied)
    cases, notes = picture_pairs((function, anatomy), {"copied": tmp_path / "copied"}, [], METRICS)
    result = benchmark(cases, ["laplacian"], notes)
    assert result.functional
    assert result.headline[:4] == ("recoverability", "retention_hot", "hue_error", "chroma_error")
    given, reference = row_of(result, "copied"), row_of(result, "copy of MRI")
    assert given.scores["hue_error"] == pytest.approx(reference.scores["hue_error"], abs=1e-3)
    assert reference.intervals["retention_hot"].mean == pytest.approx(1.0, abs=0.1)
    assert any("too few" in note for note in result.notes)


def test_only_pairs_that_all_have_and_the_series_asked_for_are_taken(grey):
    pairs, folder, _ = grey
    write(folder / "one", "12000", smooth(1, 3.0))
    cases, notes = picture_pairs(pairs, {"one": folder / "one"}, [], METRICS)
    assert [case.name.name for case in cases] == ["12000"]
    assert "5 of 6" in notes[0]
    cases, _ = picture_pairs(pairs, {}, ["13"], METRICS)
    assert [case.name.series for case in cases] == ["13"]
    with pytest.raises(BadInput, match="same name"):
        picture_pairs(pairs, {}, ["99"], METRICS)


def test_a_picture_of_another_size_is_refused_by_its_name(tmp_path):
    pairs = write_pairs(tmp_path, 1, 1)
    write(tmp_path / "small", "10000", np.zeros((SIZE[0] // 2, SIZE[1])))
    cases, _ = picture_pairs(pairs, {"small": tmp_path / "small"}, [], METRICS)
    with pytest.raises(BadInput, match="10000"):
        cases[0].load()


def test_the_command_prints_the_table_and_writes_json_and_csv(tmp_path, capsys):
    function, anatomy = write_pairs(tmp_path, 1, 1)
    options = ["--methods", "average", "--json", str(tmp_path / "out.json"), "--csv", str(tmp_path / "out.csv")]
    options += ["--html", str(tmp_path / "out.html")]
    options += ["--fused", f"copied={function}", "--progress", "none"]
    assert main(["benchmark", "--a", str(function), "--b", str(anatomy), *options]) == 0
    assert "| average |" in capsys.readouterr().out
    data = json.loads((tmp_path / "out.json").read_text())
    assert data["cases"] == [{"name": "10000", "series": "10"}]
    assert "MRI copied" in (tmp_path / "out.html").read_text()
    with (tmp_path / "out.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    qabf = next(line for line in lines if (line["row"], line["figure"]) == ("copied", "qabf"))
    assert 0.0 < float(qabf["mean"]) < 1.0


@pytest.mark.parametrize(("options", "said"), [
    (["--methods", "average"], "Give --a and --b"),
    (["--methods", "avarage", "--a", "{a}", "--b", "{b}"], "average"),
    (["--methods", "average", "--a", "{a}", "--b", "{b}", "--fused", "dwt={a}"], "taken"),
    (["--methods", "average", "--a", "{a}", "--b", "{b}", "--fused", "x"], "NAME=DIR"),
    (["--methods", "average", "--a", "{a}", "--b", "{a}/nowhere"], "nowhere"),
    (["--methods", "average", "--a", "{a}", "--b", "{b}", "--json", "{a}/x.txt"], ".json"),
    (["--methods", "average", "--cases", "{a}"], "fixed one first"),
])
def test_bad_arguments_get_one_line(grey, options, said, capsys):
    (function, anatomy), *_ = grey
    arguments = [option.format(a=function, b=anatomy) for option in options]
    assert main(["benchmark", *arguments, "--progress", "none"]) == 2
    assert said in capsys.readouterr().err


def test_a_rejected_case_is_left_out_for_all_with_a_note_and_one_that_cannot_be_read_is_named(tmp_path):
    cases, _ = picture_pairs(write_pairs(tmp_path, 2, 1), {}, [], METRICS)
    name = cases[0].name.name

    def reject():
        raise RegistrationRejected("registration rejected: flip")

    def fail():
        raise BadInput("no voxels", "Load it again")

    result = benchmark([replace(cases[0], load=reject), cases[1]], ["average"])
    assert result.cases == (cases[1].name,)
    assert f"{name} left out: registration rejected: flip" in result.notes
    assert len(row_of(result, "average").scores["ssim"]) == 1
    with pytest.raises(BadInput, match=f"case {name}: no voxels. Load it again"):
        benchmark([replace(cases[0], load=fail), cases[1]], ["average"])
    with pytest.raises(BadInput, match="none of 1 cases is left"):
        benchmark([replace(cases[0], load=reject)], ["average"])


@pytest.mark.slow
def test_cases_of_volumes_are_aligned_and_their_lesion_is_looked_at(patient, verdict, tmp_path):
    from MedFusionLib.benchmark.volumes import Files, volume_cases
    from MedFusionLib.recipe import Recipe

    for number in range(2):
        folder = tmp_path / f"case{number}"
        folder.mkdir()
        for volume in patient[:2]:
            volume.write(folder / f"{volume.modality}.nii.gz")
        tumour = patient[0].like((labels() == 5).astype(np.uint8))
        tumour.write(folder / "tumour.nii.gz")
    (tmp_path / "empty").mkdir()
    files = Files(("CT.nii.gz", "MR.nii.gz"), "tumour.nii.gz")
    cases, notes = volume_cases(tmp_path, files, {}, [], Recipe(metrics=METRICS))
    result = benchmark(cases, ["average"], notes)
    assert [case.series for case in result.cases] == ["case0", "case1"]
    assert "1 of 3" in result.notes[0]
    of_average = row_of(result, "average").intervals
    copies = [row_of(result, f"copy of {name}").intervals["lesion_contrast"].mean for name in ("CT", "MR")]
    assert max(copies) == pytest.approx(1.0, abs=1e-5)
    assert min(copies) < 0.9
    assert of_average["retention"].mean == pytest.approx(0.5, abs=0.2)
    assert of_average["flicker"].mean == 0.0
    assert row_of(result, "probe noise").intervals["flicker"].mean > 0.01
    assert row_of(result, "copy of MR").intervals["retention of CT"].mean == 0.0
    with pytest.raises(BadInput, match="no folder"):
        volume_cases(tmp_path, Files(("CT.nii.gz", "US.nii.gz")), {}, [], Recipe())
