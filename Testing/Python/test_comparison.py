"""Comparison of methods on pictures small enough to be quick: rows, ranks, files, pictures."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from MedFusionLib import Recipe, Volume
from MedFusionLib.cli import main
from MedFusionLib.comparison import compare, rank
from MedFusionLib.comparison_files import as_text, write_comparison
from MedFusionLib.cuts import layers_of
from MedFusionLib.errors import BadInput
from MedFusionLib.report.run import planes_through
from MedFusionLib.scoring import Score
from MedFusionLib.side_by_side import panels_of

METHODS = ("average", "laplacian")


def picture(seed, name):
    field = gaussian_filter(np.random.default_rng(seed).normal(size=(72, 88)), 3.0)
    field = 60 + 130 * (field - field.min()) / np.ptp(field)
    return Volume.from_array(field.astype(np.uint8), name=name)


@pytest.fixture(scope="module")
def pictures():
    return [picture(1, "CT"), picture(2, "MR")]


@pytest.fixture(scope="module")
def comparison(pictures):
    lesion = np.zeros((72, 88), np.uint8)
    lesion[30:40, 40:50] = 1
    return compare(pictures, METHODS, Recipe(metrics=("entropy",)), Volume.from_array(lesion))


def test_methods_come_first_and_the_reference_rows_are_always_there(comparison):
    names = [row.name for row in comparison.rows]
    assert names == [
        *METHODS, "reference maximum", "reference average", "copy of CT", "copy of MR",
        "probe noise", "probe stretch", "probe sharpen",
    ]
    assert [row.kind for row in comparison.rows] == ["method"] * 2 + ["reference"] * 7
    assert set(comparison.fused) == set(names)
    assert comparison.headline == ("qabf", "ssim", "q_y", "scd", "vif", "vif_min")


def test_the_average_and_the_reference_average_have_the_same_figures(comparison):
    method, reference = (next(row for row in comparison.rows if row.name == name)
                         for name in ("average", "reference average"))
    for name in comparison.figures:
        assert method.figures[name] == pytest.approx(reference.figures[name], nan_ok=True), name


def test_the_figures_are_the_recipes_the_panel_and_faithfulness(comparison):
    wanted = {"entropy", "qabf", "nabf", "recoverability", "recoverability of CT", "retention", "retention of MR",
              "invention", "lesion_contrast"}
    assert wanted <= set(comparison.figures)


def test_the_fused_pictures_are_those_of_a_run(comparison, pictures):
    from MedFusionLib import run

    alone = run(pictures, Recipe(method="laplacian"))
    np.testing.assert_array_equal(comparison.fused["laplacian"], alone.fused.array)


def score(name, kind="method", **figures):
    return Score(name, name, kind, np.zeros((2, 2)), figures, 0.0)


def test_ranks_follow_each_figures_better_way_and_leave_references_out():
    scores = [
        score("a", ssim=0.5, nabf=0.1, entropy=3.0),
        score("b", ssim=0.9, nabf=0.3, entropy=4.0),
        score("c", ssim=0.5, nabf=float("nan"), entropy=5.0),
        score("r", "reference", ssim=2.0, nabf=0.0, entropy=9.0),
    ]
    ranks = {row.name: row.ranks for row in rank(scores, ("ssim", "nabf", "entropy"))}
    assert ranks == {"a": {"ssim": 2.5, "nabf": 1.0}, "b": {"ssim": 1.0, "nabf": 2.0}, "c": {"ssim": 2.5}, "r": {}}


def test_everything_is_written_and_the_table_says_what_the_rows_say(comparison, tmp_path):
    files = write_comparison(comparison, tmp_path / "out")
    assert {"comparison.csv", "comparison.json", "comparison.png", "metrics.csv", "record.json", "report.html"} <= {
        file.name for file in files
    }
    with (tmp_path / "out" / "comparison.csv").open() as stream:
        lines = {line["row"]: line for line in csv.DictReader(stream)}
    row = comparison.rows[1]
    assert float(lines["laplacian"]["retention"]) == pytest.approx(row.figures["retention"])
    assert float(lines["laplacian"]["rank of qabf"]) == row.ranks["qabf"]
    assert lines["copy of CT"]["rank of qabf"] == ""
    data = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert data["figures"]["retention of CT"]["direction"] == "higher"
    assert [entry["name"] for entry in data["rows"]] == [row.name for row in comparison.rows]
    assert "probe sharpen" in as_text(comparison)
    assert "Maximum with an unsharp mask" in (tmp_path / "out" / "report.html").read_text()


def test_every_source_and_every_row_has_its_panel(comparison):
    layers = layers_of(comparison.result)
    panels = panels_of(comparison, layers, planes_through(comparison.result, layers)[0])
    assert [panel.title for panel in panels] == ["CT", "MR", *(row.name for row in comparison.rows)]
    assert all(panel.picture.shape == (72, 88) for panel in panels)
    assert sorted(panel.subtitle for panel in panels if panel.title in METHODS)[0].startswith("mean rank 1.")


def test_a_lesion_on_another_grid_and_several_combinations_are_refused(pictures):
    with pytest.raises(BadInput, match="5 x 5 voxels"):
        compare(pictures, METHODS, Recipe(), Volume.from_array(np.ones((5, 5), np.uint8)))
    with pytest.raises(BadInput, match="combinations"):
        compare([*pictures, picture(3, "PET")], METHODS, Recipe(combinations=((0, 1), (0, 2))))


@pytest.mark.slow
def test_the_command_compares_and_prints_the_table(pictures, tmp_path, capsys):
    files = [str(volume.write(tmp_path / f"{volume.name}.png")) for volume in pictures]
    assert main(["compare", *files, "--methods", "average", "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "reference maximum" in said
    assert "not for measuring" in said
    assert (tmp_path / "out" / "comparison.png").stat().st_size > 10_000
