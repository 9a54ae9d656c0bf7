"""A failure at any step of adding a result leaves the scene as it was: nodes, folders, and what the views show."""

from __future__ import annotations

import pytest
from made_run import made_run
from scene_digest import changes, scene_digest

from MedFusionLib.scene import add_result
from MedFusionLib.scene.display import add_slice_views

slicer = pytest.importorskip("slicer")
STEPS = ["result.text_node", "result.node_from_volume", "result.node_from_transform", "result.table_node",
         "result.set_display", "result._refer", "result._folder", "result.show", "display.fit"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("used", [False, True], ids=["an empty scene", "a scene with a result"])
def test_a_failure_while_adding_leaves_the_scene_as_it_was(monkeypatch, step, used) -> None:
    scene = slicer.vtkMRMLScene()
    add_slice_views(scene)
    if used:
        add_result(scene, made_run())
    # MRML notes a version in the subject hierarchy when it is first written, as the digest does.
    scene_digest(scene)
    before = scene_digest(scene)

    def fail(*given: object, **options: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(f"MedFusionLib.scene.{step}", fail)
    with pytest.raises(RuntimeError, match="planted"):
        add_result(scene, made_run())
    assert not changes(before, scene_digest(scene))


def test_the_selection_refers_to_its_units_once_after_a_failure(monkeypatch) -> None:
    scene = slicer.vtkMRMLScene()
    # MRML's CopyReferences would add the application's units a second time.
    selection = scene.AddNewNodeByClass("vtkMRMLSelectionNode")
    unit = scene.AddNode(slicer.vtkMRMLUnitNode())
    selection.SetUnitNodeID("length", unit.GetID())
    monkeypatch.setattr("MedFusionLib.scene.result.show", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        add_result(scene, made_run())
    assert selection.GetNumberOfNodeReferences("unit/length") == 1
    assert selection.GetUnitNodeID("length") == unit.GetID()
