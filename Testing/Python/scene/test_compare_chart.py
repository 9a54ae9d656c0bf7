"""Bars of methods by metrics, and the way from a method's name to its volume."""

from __future__ import annotations

from dataclasses import replace

import pytest

from MedFusionLib.errors import BadInput
from MedFusionLib.pipeline import Result
from MedFusionLib.scene import add_result, vocabulary
from MedFusionLib.scene.compare_chart import compare_chart, fused_by, numeric_columns, show_method
from MedFusionLib.scene.display import add_slice_views
from MedFusionLib.scene.texts import table_node

slicer = pytest.importorskip("slicer")
METHODS = ("wavelet", "maximum")
ROWS = [{"method": "maximum", "psnr": 21.0, "ssim": 0.75, "entropy": 6.0},
        {"method": "wavelet", "psnr": 24.5, "ssim": 0.5, "entropy": None},
        {"method": "average", "psnr": 25.0, "ssim": 1.0, "entropy": 5.0}]


@pytest.fixture
def scene():
    scene = slicer.vtkMRMLScene()
    add_slice_views(scene)
    return scene


@pytest.fixture
def table(scene):
    return table_node(scene, ROWS, "metrics")


def series_of(chart) -> list:
    return [chart.GetNthPlotSeriesNode(index) for index in range(chart.GetNumberOfPlotSeriesNodes())]


def test_each_metric_asked_for_has_bars_named_after_the_methods(scene, table) -> None:
    chart = compare_chart(scene, table, ["psnr", "entropy"])
    assert [series.GetYColumnName() for series in series_of(chart)] == ["psnr", "entropy"]
    for series in series_of(chart):
        assert series.GetTableNode() is table
        assert series.GetLabelColumnName() == "method"
        assert series.GetPlotType() == series.PlotTypeBar
        assert not series.IsXColumnRequired()
    assert len({series.GetColor() for series in series_of(chart)}) == 2


def test_without_choice_only_metrics_on_one_scale_share_the_chart(scene, table) -> None:
    assert [series.GetYColumnName() for series in series_of(compare_chart(scene, table))] == ["ssim"]
    decibels = table_node(scene, [{"method": "a", "psnr": 20.0}, {"method": "b", "psnr": 30.0}], "decibels")
    chart = compare_chart(scene, decibels)
    assert [series.GetYColumnName() for series in series_of(chart)] == ["psnr"]
    assert chart.GetTitle() == "psnr"


def test_a_chart_made_again_replaces_the_one_before(scene, table) -> None:
    compare_chart(scene, table, ["psnr"])
    count = scene.GetNumberOfNodes()
    chart = compare_chart(scene, table, ["ssim"])
    assert scene.GetNumberOfNodes() == count
    assert table.GetNodeReference(vocabulary.CHART) is chart


def test_numbers_and_missing_numbers_are_told_from_text(table) -> None:
    columns = numeric_columns(table)
    assert list(columns) == ["psnr", "ssim", "entropy"]
    assert columns["ssim"].tolist() == [0.75, 0.5, 1.0]


def test_a_table_without_numbers_and_an_unknown_metric_are_refused(scene, table) -> None:
    count = scene.GetNumberOfNodes()
    with pytest.raises(BadInput, match=r"no metric 'beauty'.*psnr, ssim, entropy"):
        compare_chart(scene, table, ["beauty"])
    assert scene.GetNumberOfNodes() == count
    with pytest.raises(BadInput, match="'words' has no column of numbers"):
        compare_chart(scene, table_node(scene, [{"method": "a"}], "words"))


def test_one_click_shows_the_volume_of_a_method(scene, run: Result) -> None:
    wavelet, maximum = (replace(fusion, method=name) for fusion, name in zip(run.fusions, METHODS, strict=True))
    made = add_result(scene, replace(run, fusions=(wavelet, maximum)))
    assert fused_by(scene, made.metrics) == dict(zip(METHODS, made.fused, strict=True))
    assert show_method(scene, made.metrics, "wavelet") is made.fused[0]
    composite = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    top = composite.GetNumberOfAdditionalLayers() + 2
    assert composite.GetNthLayerVolumeID(top) == made.fused[0].GetID()
    assert composite.GetNthLayerOpacity(top) == 1.0


def test_a_runs_own_table_makes_a_chart_named_after_the_methods(scene, run: Result) -> None:
    made = add_result(scene, run)
    assert compare_chart(scene, made.metrics, ["entropy"]).GetXAxisTitle() == "method"


def test_two_volumes_by_one_method_are_both_found(scene, run: Result) -> None:
    made = add_result(scene, replace(run, fusions=tuple(replace(fusion, method="maximum") for fusion in run.fusions)))
    second = made.fused[1]
    assert fused_by(scene, made.metrics) == {"maximum": made.fused[0], f"maximum: {second.GetName()}": second}


def test_methods_of_another_table_are_not_mixed_in(scene, run: Result) -> None:
    first, second = add_result(scene, run), add_result(scene, run)
    assert list(fused_by(scene, second.metrics).values()) == list(second.fused)
    for node in second.fused:
        scene.RemoveNode(node)
    with pytest.raises(BadInput, match="no volume fused by"):
        show_method(scene, second.metrics, first.fused[0].GetAttribute(vocabulary.METHOD))
