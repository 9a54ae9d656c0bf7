"""A volume of the user takes the result."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from phantom import volume

from MedFusionLib.errors import BadInput
from MedFusionLib.scene import add_result, node_from_volume, volume_from_node
from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.existing_output import put_into


def test_the_users_volume_holds_voxels_place_looks_and_references_of_the_result(run):
    scene = slicer.vtkMRMLScene()
    made = add_result(scene, run)
    fused = made.fused[-1]
    existing = node_from_volume(scene, fused_like(run), "mine")
    parent = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    existing.SetAndObserveTransformNodeID(parent.GetID())
    expected = volume_from_node(fused)
    sources = [fused.GetNthNodeReferenceID(mark.SOURCE, index)
               for index in range(fused.GetNumberOfNodeReferences(mark.SOURCE))]

    kept = put_into(scene, existing, fused)

    found = volume_from_node(kept)
    assert kept is existing
    assert kept.GetName() == "mine"
    assert np.array_equal(found.array, expected.array)
    assert found.image.GetOrigin() == expected.image.GetOrigin()
    assert kept.GetParentTransformNode() is None
    assert kept.GetAttribute(mark.PURPOSE) == mark.FOR_LOOKING
    assert sources == [kept.GetNthNodeReferenceID(mark.SOURCE, index)
                       for index in range(kept.GetNumberOfNodeReferences(mark.SOURCE))]
    assert kept.GetNodeReference(mark.RECORD) is made.record
    assert not scene.IsNodePresent(fused)


def fused_like(run):
    """A volume of the result's kind, with other voxels."""
    return run.fused.like(np.zeros_like(run.fused.array))


def test_a_volume_of_another_kind_is_refused_and_both_stay(run):
    scene = slicer.vtkMRMLScene()
    fused = add_result(scene, run).fused[-1]
    grey = node_from_volume(scene, volume("CT"), "mine")
    kinds = {grey.GetClassName(), fused.GetClassName()}
    assert len(kinds) == 2
    with pytest.raises(BadInput, match="cannot hold the result"):
        put_into(scene, grey, fused)
    assert scene.IsNodePresent(fused)
    assert np.array_equal(volume_from_node(grey).array, volume("CT").array)
