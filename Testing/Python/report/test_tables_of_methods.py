"""The reports of a comparison and of a benchmark: who is best is marked, references are not, and it all is escaped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from read_page import Page

from MedFusionLib import Recipe
from MedFusionLib.benchmark import Benchmark, BenchmarkRow, CaseName, CasePictures, Interval, PairedTest
from MedFusionLib.comparison import Comparison, Row
from MedFusionLib.cuts import layers_of
from MedFusionLib.faithfulness import FIGURES, figure
from MedFusionLib.metrics import COLOUR_METRICS, METRICS, VOLUME_METRICS
from MedFusionLib.pipeline import compare
from MedFusionLib.report.benchmark import benchmark_page
from MedFusionLib.report.comparison import comparison_page
from MedFusionLib.report.inset import choose_inset
from MedFusionLib.report.meanings import meaning
from MedFusionLib.report.run import planes_through
from MedFusionLib.report.standing import mean_rank
from MedFusionLib.side_by_side import panels_of

NAN = float("nan")


@pytest.fixture
def result(patient, verdict):
    return compare(patient[:2], ("average", "maximum"), Recipe(method="average"))


@pytest.fixture
def comparison(result):
    """Two methods and the reference: maximum is best in Qabf, average in Nabf."""
    fused = {fusion.method: fusion.volume.array for fusion in result.fusions}
    rows = (
        Row("average", "Average", "method", {"qabf": 0.4, "nabf": 0.01, "entropy": 5.0}, {"qabf": 2, "nabf": 1}, 0.1),
        Row("maximum", "Maximum", "method", {"qabf": 0.6, "nabf": 0.03, "entropy": NAN}, {"qabf": 1, "nabf": 2}, 0.1),
        Row("reference maximum", "Maximum of <b>", "reference", {"qabf": 0.7, "nabf": 0.0}, {}, 0.1),
    )
    fused["reference maximum"] = fused["maximum"]
    return Comparison(result, rows, ("qabf", "nabf", "entropy"), ("qabf", "nabf"), False, fused)


def test_the_best_method_is_marked_and_no_reference_is(comparison):
    source = comparison_page(comparison)
    assert source.count('<td class="number best" data-value="0.6">0.600</td>') == 1
    assert source.count('<td class="number best" data-value="0.01">0.0100</td>') == 1
    assert 'best" data-value="0.7"' not in source
    assert 'best" data-value="0.0"' not in source


def test_the_podium_says_how_often_a_method_beats_the_maximum(comparison):
    text = Page(comparison_page(comparison)).text
    assert "mean rank 1.5, ahead of the maximum in 0 of 2 figures" in text
    assert [mean_rank(row, comparison) for row in comparison.rows[:2]] == [1.5, 1.5]
    assert np.isnan(mean_rank(comparison.rows[2], comparison))


def test_the_picture_tells_the_same_ranks_as_the_report(comparison):
    first, second, reference = comparison.rows
    hiding = replace(comparison, rows=(replace(first, ranks={"nabf": 1.0}), second, reference))
    layers = layers_of(comparison.result)
    panels = panels_of(hiding, layers, planes_through(comparison.result, layers)[0])
    assert [panel.subtitle for panel in panels[-3:]] == ["mean rank 1.5", "mean rank 1.5", "reference"]


@pytest.mark.parametrize("name", [*VOLUME_METRICS, *COLOUR_METRICS, *FIGURES, *METRICS])
def test_every_figure_of_a_table_has_its_meaning_and_its_better_way(name):
    assert (meaning(name).direction, meaning(name).title) == (figure(name).direction, figure(name).title)
    assert meaning(name).meaning


def test_a_method_without_a_figure_is_last_in_it(comparison):
    first, second, reference = comparison.rows
    without = replace(comparison, rows=(replace(first, ranks={"nabf": 1.0}), second, reference))
    assert mean_rank(without.rows[0], without) == (2 + 1) / 2


def test_a_figure_that_is_missing_is_a_dash_that_sorts_last(comparison):
    assert '<td class="number" data-value="">–</td>' in comparison_page(comparison)


def test_every_method_is_shown_whole_and_magnified_at_one_place(comparison, result):
    pictures = Page(comparison_page(comparison)).pictures()
    layers = layers_of(result)
    inset = choose_inset(layers, planes_through(result, layers)[0])
    for name in ("CT", "MR", "Average", "Maximum", "Maximum of <b>"):
        whole, part = pictures[f"{name}, axial"], pictures[f"{name}, axial, magnified part"]
        np.testing.assert_array_equal(inset.of(whole), part)
        assert 4 < part.size < whole.size / 4


def _benchmark(title: str = "New") -> Benchmark:
    cases = tuple(CaseName(f"{series}-{number}", series) for series in ("p1", "p2") for number in range(2))
    scores = {"new": (0.6, 0.8, 0.4, 0.2), "old": (0.3, 0.3, 0.3, 0.3), "reference maximum": (0.9, 0.9, 0.9, 0.9)}
    kinds = {"new": "method", "old": "given", "reference maximum": "reference"}
    rows = tuple(
        BenchmarkRow(name, title if name == "new" else name, kinds[name], {"qabf": values},
                     {"qabf": Interval(float(np.mean(values)), 0.2, 0.7, 2)}, 0.5)
        for name, values in scores.items()
    )
    tests = (
        PairedTest("qabf", "new", "reference maximum", 8, -0.4, 0.004, 0.012),
        PairedTest("qabf", "old", "reference maximum", 8, 0.6, 0.0004, 0.0008),
        PairedTest("nabf", "old", "reference maximum", 3, 0.6, NAN, NAN),
    )
    return Benchmark(("CT", "MR"), False, cases, rows, ("qabf",), ("qabf",), "reference maximum", tests, ("a note",))


def test_means_over_patients_and_verdicts_of_tests_are_told():
    page = Page(benchmark_page(_benchmark()))
    assert ["New", "0.700", "0.300"] in page.rows
    assert any(row[0] == "New" and row[-1] == "worse" and "0.012" in row for row in page.rows)
    assert any(row[0] == "old" and row[-1] == "better" and "< 0.001" in row for row in page.rows)
    assert any(row[-1] == "no difference shown" and row.count("–") == 2 for row in page.rows)
    assert "4 cases of 2 patients" in page.text
    assert "a note" in page.text


def test_cases_are_shown_side_by_side_sources_first():
    grey, rgb = np.full((4, 6), 128, np.uint8), np.full((4, 6, 3), 200, np.uint8)
    sources, fused = (("CT", grey), ("PET", rgb)), (("New", rgb), ("old", grey))
    shown = CasePictures(CaseName("p1-0", "p1"), sources, fused, (12.0, 8.0))
    page = Page(benchmark_page(replace(_benchmark(), pictures=(shown,))))
    pictures = page.all("img")
    assert [picture["alt"].partition(",")[0] for picture in pictures] == ["CT", "PET", "New", "old"]
    assert all(picture["src"].startswith("data:image/png;base64,") for picture in pictures)
    assert "p1-0 (patient p1)" in page.text
    assert not Page(benchmark_page(_benchmark())).all("img")


def test_the_plot_puts_the_dots_in_order_with_the_best_on_top():
    page = Page(benchmark_page(_benchmark()))
    dots = [(float(dot["cx"]), float(dot["cy"])) for dot in page.all("circle")]
    assert dots == sorted(dots, key=lambda dot: dot[1])
    assert dots[0][0] > dots[1][0] > dots[2][0]
    assert page.all("svg")[0]["role"] == "img"


def test_names_of_methods_with_markup_stay_text():
    page = Page(benchmark_page(_benchmark("<script>x</script>")))
    assert "<script>x</script>" in page.text
    assert len(page.all("script")) == 1
