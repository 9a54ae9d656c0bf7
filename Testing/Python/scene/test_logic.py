"""MedFusionLogic takes nodes and returns nodes, without a window and without Slicer."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib import Recipe, __version__
from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import LPS_TO_RAS
from MedFusionLib.registration import brainsfit
from MedFusionLib.scene import MedFusionLogic, node_from_volume, transform_from_node
from MedFusionLib.scene.matrices import to_vtk
from MedFusionLib.volume import Volume

slicer = pytest.importorskip("slicer")
RECIPE = Recipe(method="maximum", registration="none", on_rejection="continue")


@pytest.fixture
def scene():
    return slicer.vtkMRMLScene()


def blob(name: str, modality: str, origin: float) -> Volume:
    """A bright ball in a volume of 40 mm, whose first voxel lies at ``origin`` (LPS, mm) on each axis."""
    z, y, x = np.mgrid[0:20, 0:20, 0:20]
    voxels = 200.0 * np.exp(-((x - 8) ** 2 + (y - 10) ** 2 + (z - 12) ** 2) / 18) + (x + y + z) / 10
    image = sitk.GetImageFromArray(voxels.astype(np.float32))
    image.SetSpacing((2.0, 2.0, 2.0))
    image.SetOrigin((origin, origin, origin))
    return Volume(image, modality, name)


@pytest.mark.slow
def test_the_users_alignment_by_a_parent_transform_counts(scene) -> None:
    fixed = node_from_volume(scene, blob("CT", "CT", 0.0))
    moving = node_from_volume(scene, blob("T1", "MR", 100.0))
    shift = np.eye(4)
    shift[:3, 3] = -100.0
    parent = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    parent.SetMatrixTransformToParent(to_vtk(LPS_TO_RAS @ shift @ LPS_TO_RAS))
    moving.SetAndObserveTransformNodeID(parent.GetID())

    made = MedFusionLogic(scene).fuse(fixed, moving, RECIPE)

    # With the parent the two coincide, so the one that is resampled equals its original.
    aligned = np.array(made.sources[1].GetImageData().GetPointData().GetScalars())
    original = np.array(moving.GetImageData().GetPointData().GetScalars())
    np.testing.assert_allclose(aligned, original, atol=1e-3)
    assert transform_from_node(made.transforms[1]).TransformPoint((1.0, 2.0, 3.0)) == pytest.approx((1, 2, 3))
    assert moving.GetParentTransformNode() is parent


def test_bad_input_leaves_the_scene_as_it_was(scene) -> None:
    fixed = node_from_volume(scene, blob("CT", "CT", 0.0))
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    count = scene.GetNumberOfNodes()
    with pytest.raises(BadInput, match="'empty' has no voxels"):
        MedFusionLogic(scene).fuse(fixed, [empty], RECIPE)
    assert scene.GetNumberOfNodes() == count


def test_the_account_of_itself_names_version_and_place(scene) -> None:
    account = MedFusionLogic(scene).about()
    assert __version__ in account
    assert str(brainsfit.__file__).split("/registration/")[0] in account
    assert "not for clinical use" in account
