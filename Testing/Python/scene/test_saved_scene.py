"""A scene in use, saved, closed and opened again: nodes, references, table, chart, record and views are as before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import slice_pixels
from scene_digest import scene_digest
from vtkmodules.util.numpy_support import vtk_to_numpy

from MedFusionLib.pipeline import Result
from MedFusionLib.scene import add_result, node_from_volume, open_scene, vocabulary
from MedFusionLib.scene.blend import blend
from MedFusionLib.scene.checkerboard import show_checkerboard
from MedFusionLib.scene.colours import GREY
from MedFusionLib.scene.compare_chart import compare_chart, fused_by, show_method
from MedFusionLib.scene.composites import Shown, composites
from MedFusionLib.scene.display import set_display
from MedFusionLib.scene.layout import show_result
from MedFusionLib.scene.matrices import from_vtk

slicer = pytest.importorskip("slicer")
ROLES = [value for name, value in vars(vocabulary).items() if isinstance(value, str) and name.isupper()]


@pytest.fixture
def scene():
    colours = slicer.vtkMRMLColorLogic()
    yield slice_pixels.new_scene(colours)
    colours.SetMRMLScene(None)


@pytest.fixture
def made(scene, run: Result):
    """A comparison of two methods on three volumes of the user's, one of them below a transform."""
    inputs = [node_from_volume(scene, volume) for volume in run.originals]
    for node in inputs:
        set_display(node, 0.0, 100.0, GREY)
    shift = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "the user's")
    inputs[1].SetAndObserveTransformNodeID(shift.GetID())
    methods = [replace(fusion, method=name) for fusion, name in zip(run.fusions, ("maximum", "wavelet"), strict=True)]
    result = add_result(scene, replace(run, fusions=tuple(methods)), inputs)
    show_result(scene, result)
    compare_chart(scene, result.metrics, ["entropy"])
    blend(scene, result.sources, result.fused[1], 0.4)
    return result


def saved(scene, path: Path):
    """``scene`` written as a bundle, closed, and read into a new one."""
    assert scene.WriteToMRB(str(path))
    scene.Clear(False)
    return open_scene(path)


def user_nodes(scene) -> list:
    """The nodes that a user sees and saves."""
    kinds = ("vtkMRMLVolumeNode", "vtkMRMLTransformNode", "vtkMRMLTextNode", "vtkMRMLPlotChartNode",
             "vtkMRMLPlotSeriesNode")
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    return [node for node in nodes if any(node.IsA(kind) for kind in kinds)]


def contents(scene) -> dict:
    """By name, class, attributes and content of ``user_nodes``; of volumes and transforms, by ``numbers`` instead."""
    digest = scene_digest(scene)
    return {node.GetName(): (node.GetClassName(), digest[node.GetID()][-2],
                             None if node.IsA("vtkMRMLTransformableNode") else digest[node.GetID()][-1])
            for node in user_nodes(scene)}


def numbers(scene) -> dict[str, list[np.ndarray]]:
    """By name, the voxels and IJK-to-RAS of volumes, and where transforms take three points (mm)."""
    points = [(1.0, 2.0, 3.0), (-200.0, -300.0, -1000.0), (-210.0, -305.0, -1030.0)]
    found = {}
    for node in user_nodes(scene):
        if node.IsA("vtkMRMLVolumeNode"):
            found[node.GetName()] = [vtk_to_numpy(node.GetImageData().GetPointData().GetScalars()),
                                     from_vtk(node.GetIJKToRASMatrix)]
        elif node.IsA("vtkMRMLTransformNode"):
            way = node.GetTransformFromParent()
            found[node.GetName()] = [np.array([way.TransformPoint(point) for point in points])]
    return found


def references(scene) -> set:
    """Who refers to whom in which of MedFusion's roles, by names."""
    found = set()
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        for role in ROLES:
            found |= {(node.GetName(), role, node.GetNthNodeReference(role, number).GetName())
                      for number in range(node.GetNumberOfNodeReferences(role))}
    return found


def test_every_node_and_every_reference_comes_back(scene, made, tmp_path: Path) -> None:
    before, known, values = contents(scene), references(scene), numbers(scene)
    again = saved(scene, tmp_path / "scene.mrb")
    assert len(known) > 20
    assert references(again) == known
    assert contents(again) == before
    assert len(values) > 8
    for name, arrays in numbers(again).items():
        for array, expected in zip(arrays, values[name], strict=True):
            # Text holds the geometry to some 15 digits.
            np.testing.assert_allclose(array, expected, rtol=1e-9, atol=1e-9, err_msg=name)


def test_table_chart_and_methods_work_in_the_reopened_scene(scene, made, tmp_path: Path) -> None:
    names, title = [node.GetName() for node in made.fused], made.metrics.GetName()
    again = saved(scene, tmp_path / "scene.mrb")
    table = again.GetFirstNodeByName(title)
    chart = table.GetNodeReference(vocabulary.CHART)
    assert chart.GetNthPlotSeriesNode(0).GetTableNode() is table
    assert chart.GetNthPlotSeriesNode(0).GetYColumnName() == "entropy"
    assert {method: node.GetName() for method, node in fused_by(again, table).items()} == dict(
        zip(("maximum", "wavelet"), names, strict=True))
    assert show_method(again, table, "wavelet").GetName() == names[1]
    assert compare_chart(again, table, ["entropy"]).GetNumberOfPlotSeriesNodes() == 1


def test_the_slice_views_show_the_same_volumes_again(scene, made, tmp_path: Path) -> None:
    def shown(scene) -> dict:
        return {node.GetLayoutName(): [scene.GetNodeByID(name).GetName() for name in Shown.of(node).volumes]
                for node in composites(scene)}

    before = shown(scene)
    assert len(before["Red"]) == 4
    assert shown(saved(scene, tmp_path / "scene.mrb")) == before


def test_a_checkerboard_that_is_open_while_saving_leaves_nothing_in_the_file(scene, made, tmp_path: Path) -> None:
    names = set(contents(scene))
    view = show_checkerboard(scene, made.sources[0], made.sources[1])
    again = saved(scene, tmp_path / "scene.mrb")
    assert not view.is_open
    assert set(contents(again)) == names


def test_a_closed_scene_holds_nothing_of_a_run(scene, made) -> None:
    scene.Clear(False)
    assert not contents(scene)
    assert not references(scene)
