"""A node may hold several linear transforms in a row, as elastix writes them; MRML's matrix of it is the identity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from made_run import volume

from MedFusionLib.scene import node_from_volume, transform_from_node, volume_from_node
from MedFusionLib.scene.mrml import Node, Scene

slicer = pytest.importorskip("slicer")
POINTS = ((0.0, 0.0, 0.0), (30.0, -20.0, 10.0), (-400.0, 250.0, 900.0))


@pytest.fixture
def chain() -> sitk.CompositeTransform:
    turn = sitk.Euler3DTransform((1, 2, 3), 0.1, 0.2, 0.3, (4, 5, 6))
    return sitk.CompositeTransform([sitk.TranslationTransform(3, (10, -20, 30)), turn])


@pytest.fixture
def scene() -> Scene:
    return slicer.vtkMRMLScene()


@pytest.fixture
def node(scene: Scene, chain: sitk.CompositeTransform, tmp_path: Path) -> Node:
    """A transform node as Slicer reads it from a file with the chain."""
    path = tmp_path / "TransformParameters.1-Composite.h5"
    sitk.WriteTransform(chain, str(path))
    result = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    storage = slicer.vtkMRMLTransformStorageNode()
    storage.SetFileName(str(path))
    assert storage.ReadData(result)
    result.kept_scene = scene
    return result


def test_a_chain_of_linear_transforms_is_read_from_its_node_as_one(node: Node, chain: sitk.CompositeTransform) -> None:
    found = transform_from_node(node)
    assert found.IsLinear()
    for point in POINTS:
        assert found.TransformPoint(point) == pytest.approx(chain.TransformPoint(point), abs=1e-9)


def test_a_volume_below_a_chain_lies_where_the_chain_puts_it(
    scene: Scene, node: Node, chain: sitk.CompositeTransform
) -> None:
    moving = node_from_volume(scene, volume("MR", "MR", (12, 10, 8)))
    before = volume_from_node(moving).image
    moving.SetAndObserveTransformNodeID(node.GetID())
    after = volume_from_node(moving).image
    # The node's transform takes fixed points to moving ones, so the volume goes by the inverse.
    for index in ((0, 0, 0), (7, 9, 11)):
        back = chain.TransformPoint(after.TransformIndexToPhysicalPoint(index))
        np.testing.assert_allclose(back, before.TransformIndexToPhysicalPoint(index), atol=1e-9)
