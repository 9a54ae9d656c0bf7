"""Showing a result: layouts that Slicer's own layout logic reads, linked slices, the table, and no layout at all."""

from __future__ import annotations

import pytest

from MedFusionLib.errors import BadInput
from MedFusionLib.pipeline import Result
from MedFusionLib.scene import add_result
from MedFusionLib.scene.composites import composites
from MedFusionLib.scene.display import FUSED_VIEW, SLICE_VIEWS, add_slice_views
from MedFusionLib.scene.layout import PLANES, SIDE_BY_SIDE, pane_names, show_chart, show_result, show_volumes

slicer = pytest.importorskip("slicer")


@pytest.fixture
def scene():
    """A scene with layout logic, and slice logics that make composite nodes as Slicer's widgets do."""
    scene = slicer.vtkMRMLScene()
    add_slice_views(scene)
    layout = slicer.vtkMRMLLayoutLogic()
    layout.SetMRMLScene(scene)
    scene.AddNewNodeByClass("vtkMRMLSelectionNode")

    def complete(*_: object) -> None:
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
            name = scene.GetNthNodeByClass(index, "vtkMRMLSliceNode").GetLayoutName()
            if not composites(scene, (name,)):
                composite = slicer.vtkMRMLSliceCompositeNode()
                composite.SetLayoutName(name)
                scene.AddNode(composite)

    layout.GetLayoutNode().AddObserver("ModifiedEvent", complete)
    scene.layout = layout
    yield scene
    layout.SetMRMLScene(None)


def shown(scene) -> dict[str, list]:
    """Which volumes each view shows, by layout name."""
    return {node.GetLayoutName(): [node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()]
            for node in composites(scene)}


def in_layout(scene) -> list[str]:
    """The layout names of the views that Slicer's layout logic finds in the layout that is shown."""
    views = scene.layout.GetViewNodes()
    return sorted(views.GetItemAsObject(index).GetLayoutName() for index in range(views.GetNumberOfItems()))


def layout_node(scene) -> object:
    return scene.GetFirstNodeByClass("vtkMRMLLayoutNode")


def test_sources_and_fused_stand_side_by_side_in_axial_panes(scene, run: Result) -> None:
    made = add_result(scene, run)
    show_result(scene, made)
    names = pane_names(4)
    assert names[-1] == FUSED_VIEW
    views = shown(scene)
    assert [views[name] for name in names] == [[node.GetID(), None] for node in (*made.sources, made.fused[-1])]
    for name in names:
        view = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        assert view.GetOrientation() == "Axial"
        assert view.GetViewGroup() == 1


@pytest.mark.parametrize("count", range(1, 6))
def test_slicers_layout_logic_understands_every_number_of_panes(scene, run: Result, count: int) -> None:
    volumes = (list(add_result(scene, run).sources) * 2)[:count]
    show_volumes(scene, volumes[:-1], volumes[-1])
    assert in_layout(scene) == sorted([*pane_names(count), "TableView1"])


@pytest.mark.parametrize("arrangement", [SIDE_BY_SIDE, PLANES])
def test_slices_are_linked_and_the_metrics_lie_beside_them(scene, run: Result, arrangement: str) -> None:
    made = add_result(scene, run)
    show_result(scene, made, arrangement)
    names = SLICE_VIEWS if arrangement == PLANES else pane_names(4)
    assert all(node.GetLinkedControl() and node.GetHotLinkedControl() for node in composites(scene, names))
    view = scene.GetSingletonNode("TableView1", "vtkMRMLTableViewNode")
    assert view.GetTableNode() is made.metrics
    assert scene.GetFirstNodeByClass("vtkMRMLSelectionNode").GetActiveTableID() == made.metrics.GetID()


def test_three_planes_show_fused_over_the_fixed_volume(scene, run: Result) -> None:
    made = add_result(scene, run)
    show_result(scene, made, PLANES)
    assert layout_node(scene).GetViewArrangement() == layout_node(scene).SlicerLayoutFourUpTableView
    assert {*SLICE_VIEWS, "TableView1"} <= set(in_layout(scene))
    for name in SLICE_VIEWS:
        assert shown(scene)[name] == [made.sources[0].GetID(), made.fused[-1].GetID()]


def test_a_chart_is_shown_beside_the_planes(scene, run: Result) -> None:
    made = add_result(scene, run)
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode")
    show_chart(scene, chart, made.metrics)
    assert layout_node(scene).GetViewArrangement() == layout_node(scene).SlicerLayoutFourUpPlotTableView
    assert scene.GetFirstNodeByClass("vtkMRMLPlotViewNode").GetPlotChartNode() is chart
    assert scene.GetFirstNodeByClass("vtkMRMLTableViewNode").GetTableNode() is made.metrics


@pytest.mark.parametrize("arrangement", [SIDE_BY_SIDE, PLANES])
def test_without_layout_and_views_nothing_happens(run: Result, arrangement: str) -> None:
    scene = slicer.vtkMRMLScene()
    made = add_result(scene, run)
    before = scene.GetNumberOfNodes()
    show_result(scene, made, arrangement)
    assert scene.GetNumberOfNodes() == before


def test_what_was_removed_is_left_out(scene, run: Result) -> None:
    made = add_result(scene, run)
    scene.RemoveNode(made.sources[1])
    scene.RemoveNode(made.metrics)
    show_result(scene, made)
    assert shown(scene)["MedFusion2"] == [made.sources[2].GetID(), None]
    show_volumes(scene, [None], None)


def test_an_unknown_arrangement_is_refused(scene, run: Result) -> None:
    with pytest.raises(BadInput, match="'circle'"):
        show_result(scene, add_result(scene, run), "circle")
