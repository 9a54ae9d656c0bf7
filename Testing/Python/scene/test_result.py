"""A run's result in a scene that is in use: the user's nodes stay, two runs live side by side, failures undo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.pipeline import Result
from MedFusionLib.scene import SceneResult, add_result, node_from_volume, vocabulary
from MedFusionLib.scene.matrices import from_vtk

slicer = pytest.importorskip("slicer")


@pytest.fixture
def scene():
    scene = slicer.vtkMRMLScene()
    scene.AddNewNodeByClass("vtkMRMLSelectionNode")
    return scene


@pytest.fixture
def inputs(scene, run: Result) -> list:
    return [node_from_volume(scene, volume) for volume in run.originals]


def ids(scene) -> list[str]:
    return [scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())]


def items(scene) -> int:
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    return tree.GetNumberOfItems()


def state(node) -> tuple:
    """All of an input node that a user could miss: placement, parent, look, name, references."""
    display = node.GetDisplayNode()
    return (from_vtk(node.GetIJKToRASMatrix).tolist(), node.GetTransformNodeID(), display.GetAutoWindowLevel(),
            display.GetWindow(), display.GetLevel(), display.GetColorNodeID(), node.GetName(), node.GetMTime(),
            node.GetImageData().GetMTime(), node.GetNumberOfNodeReferenceRoles(), node.GetDescription())


def test_the_users_nodes_are_referred_to_and_not_changed(scene, run: Result, inputs: list) -> None:
    before = [state(node) for node in inputs]
    made = add_result(scene, run, inputs)
    assert [state(node) for node in inputs] == before
    assert made.originals == tuple(inputs)
    assert made.sources[0] is inputs[0]
    assert made.sources[2].GetNodeReference(vocabulary.ORIGINAL) is inputs[2]
    assert made.sources[2].GetNodeReference(vocabulary.FIXED) is inputs[0]
    assert [made.fused[1].GetNthNodeReference(vocabulary.SOURCE, index) for index in range(3)] == list(made.sources)
    assert made.transforms[0] is None
    assert made.transforms[1].GetNodeReference(vocabulary.ORIGINAL) is inputs[1]


def test_the_fused_volume_becomes_the_one_shown(scene, run: Result, inputs: list) -> None:
    made = add_result(scene, run, inputs)
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    assert selection.GetActiveVolumeID() == inputs[0].GetID()
    assert selection.GetSecondaryVolumeID() == made.fused[-1].GetID()


def test_a_warning_of_the_verdict_can_be_read_on_the_transform(scene, run: Result) -> None:
    transform = add_result(scene, run).transforms[1]
    assert transform.GetAttribute(vocabulary.VERDICT) == "warn"
    assert transform.GetDescription() == "Registration by simpleitk, warn: looks right; told so"


def test_a_volume_that_was_taken_as_registered_has_no_transform(scene, run: Result) -> None:
    made = add_result(scene, replace(run, registrations=(None, None, run.registrations[2])))
    assert made.transforms[:2] == (None, None)
    assert made.originals[1].GetParentTransformNode() is None
    assert made.sources[1].GetNodeReference(vocabulary.FIXED) is made.sources[0]
    assert made.fused[1].GetNumberOfNodeReferences(vocabulary.TRANSFORM) == 1


def test_pictures_that_are_their_own_originals_are_added_once(scene, run: Result) -> None:
    def picture(volume, name: str):
        image = sitk.Extract(volume.image, (12, 10, 0), (0, 0, 3), sitk.ExtractImageFilter.DIRECTIONCOLLAPSETOIDENTITY)
        return replace(volume, image=image, name=name)

    pictures = (picture(run.sources[0], "ct"), picture(run.sources[1], "mr"))
    fused = replace(run.fusions[0], volume=picture(run.fusions[0].volume, "fused ct + mr"))
    made = add_result(scene, replace(run, sources=pictures, originals=pictures, registrations=(None, None),
                                     fusions=(fused,)))
    assert [node.GetName() for node in made.sources] == ["ct", "mr"]
    assert made.originals == made.sources
    assert scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 3
    assert made.fused[0].GetImageData().GetDimensions() == (12, 10, 1)


def test_two_runs_live_side_by_side_and_share_their_colours(scene, run: Result) -> None:
    first, second = add_result(scene, run), add_result(scene, run)
    assert first.folder != second.folder
    names = [node.GetName() for made in (first, second) for node in (*made.sources, *made.fused, made.record)]
    assert len(set(names)) == len(names)
    assert second.fused[0].GetNodeReference(vocabulary.RECORD) is second.record
    colours = [made.sources[2].GetDisplayNode().GetColorNodeID() for made in (first, second)]
    assert colours[0] == colours[1]


@pytest.mark.parametrize("damage", [
    {"colour_maps": ("grey", "grey", "no such map")},
    {"fusions": ({"no": "fusion"},)},
    {"record": None},
])
def test_a_failure_leaves_the_scene_as_it_was(scene, run: Result, inputs: list, damage: dict) -> None:
    tree = items(scene)  # also makes the hierarchy, which Slicer's scene always has
    before = ids(scene)
    with pytest.raises((BadInput, AttributeError)):
        add_result(scene, replace(run, **damage), inputs)
    assert ids(scene) == before
    assert items(scene) == tree


def test_inputs_that_do_not_fit_are_refused(scene, run: Result, inputs: list) -> None:
    with pytest.raises(BadInput, match="2 input nodes for 3 sources"):
        add_result(scene, run, inputs[:2])


def test_fused_volumes_lie_where_the_fixed_one_lies(scene, run: Result, inputs: list) -> None:
    made: SceneResult = add_result(scene, run, inputs)
    expected = from_vtk(inputs[0].GetIJKToRASMatrix)
    for node in (*made.fused, *made.sources):
        np.testing.assert_allclose(from_vtk(node.GetIJKToRASMatrix), expected, atol=1e-9)
