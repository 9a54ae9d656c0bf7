"""Volume nodes and volumes: geometry, parent transforms, colour, modality, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from made_run import bspline, inside, rigid, volume
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData

from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import LPS_TO_RAS, ijk_to_ras
from MedFusionLib.scene import node_from_transform, node_from_volume, volume_from_node
from MedFusionLib.scene.matrices import from_vtk, to_vtk
from MedFusionLib.volume import Volume

slicer = pytest.importorskip("slicer")


@pytest.fixture
def scene():
    return slicer.vtkMRMLScene()


def put_below(node, scene, matrix: np.ndarray) -> None:
    """Put ``node`` below a linear transform with the RAS ``matrix`` to parent."""
    parent = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    parent.SetMatrixTransformToParent(to_vtk(matrix))
    node.SetAndObserveTransformNodeID(parent.GetID())


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize("colour", [False, True])
def test_a_volume_comes_back_from_its_node_as_it_was(scene, colour: bool, left_handed: bool) -> None:
    original = volume("STS MR", "MR", (7, 6, 5), colour=colour, left_handed=left_handed)
    back = volume_from_node(node_from_volume(scene, original))
    np.testing.assert_array_equal(back.array, original.array)
    assert back.array.dtype == original.array.dtype
    np.testing.assert_allclose(ijk_to_ras(back.image), ijk_to_ras(original.image), atol=1e-9)
    assert (back.name, back.modality, back.is_colour) == ("STS MR", "MR", colour)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32, np.float32, np.float64])
def test_the_type_of_the_voxels_is_kept(scene, kind: type) -> None:
    image = sitk.GetImageFromArray(np.arange(24, dtype=kind).reshape(4, 3, 2))
    back = volume_from_node(node_from_volume(scene, Volume(image)))
    assert back.array.dtype == kind
    np.testing.assert_array_equal(back.array.ravel(), np.arange(24))


def test_a_picture_becomes_a_volume_of_one_slice(scene) -> None:
    image = sitk.GetImageFromArray(np.arange(12, dtype=np.uint8).reshape(3, 4))
    image.SetSpacing((0.5, 0.25))
    back = volume_from_node(node_from_volume(scene, Volume(image, name="slice")))
    assert back.image.GetSize() == (4, 3, 1)
    assert back.image.GetSpacing()[:2] == (0.5, 0.25)


def test_linear_parent_transforms_are_multiplied_into_the_geometry(scene) -> None:
    original = volume("CT", "CT", (7, 6, 5))
    node = node_from_volume(scene, original)
    transform = rigid()
    parent = node_from_transform(scene, transform, "parent")
    node.SetAndObserveTransformNodeID(parent.GetID())
    grandparent = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    grandparent.SetMatrixTransformToParent(to_vtk(np.diag([1.0, 1, 1, 1]) + np.eye(4, k=3) * 12.5))
    parent.SetAndObserveTransformNodeID(grandparent.GetID())
    before = from_vtk(node.GetIJKToRASMatrix)

    moved = volume_from_node(node)

    for point in inside(original.image, 10):
        index = original.image.TransformPhysicalPointToContinuousIndex(point.tolist())
        # The grandparent moves 12.5 mm to the right, -12.5 in LPS x; the parent is the inverse of ``transform``.
        expected = np.array(transform.GetInverse().TransformPoint(point.tolist())) - (12.5, 0, 0)
        np.testing.assert_allclose(moved.image.TransformContinuousIndexToPhysicalPoint(index), expected, atol=1e-6)
    np.testing.assert_array_equal(moved.array, original.array)
    np.testing.assert_array_equal(from_vtk(node.GetIJKToRASMatrix), before)
    assert node.GetParentTransformNode() is parent


def test_a_sheared_volume_is_resampled_to_right_angles_and_stays_in_its_place(scene) -> None:
    index = np.stack(np.meshgrid(*[np.arange(n) for n in (12, 14, 16)], indexing="ij"), axis=-1)
    image = sitk.GetImageFromArray((index @ (2.0, 3.0, 5.0)).astype(np.float32))
    image.SetOrigin((-20, 30, -100))
    node = node_from_volume(scene, Volume(image, "CT", "CT"))
    shear = np.eye(4)
    shear[0, 1] = 0.2
    put_below(node, scene, shear)

    straight = volume_from_node(node)

    axes = np.reshape(straight.image.GetDirection(), (3, 3))
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)
    moved = LPS_TO_RAS @ shear @ LPS_TO_RAS
    for i, j, k in ((4, 5, 6), (8, 7, 3), (10, 2, 9)):
        place = (moved @ [*image.TransformIndexToPhysicalPoint((i, j, k)), 1])[:3]
        nearest = straight.image.TransformPhysicalPointToContinuousIndex(place.tolist())
        value = straight.image.EvaluateAtContinuousIndex(nearest, sitk.sitkLinear)
        assert value == pytest.approx(2.0 * k + 3.0 * j + 5.0 * i, abs=0.05)
    assert straight.array.min() == -1000.0  # the corners that nothing covers are air
    for corner in ((0, 0, 0), (15, 13, 11), (15, 0, 11), (0, 13, 0)):
        place = (moved @ [*image.TransformIndexToPhysicalPoint(corner), 1])[:3]
        inside_index = np.array(straight.image.TransformPhysicalPointToContinuousIndex(place.tolist()))
        assert (inside_index > -1e-6).all()
        assert (inside_index < np.array(straight.image.GetSize()) - 1 + 1e-6).all()


def test_a_volume_below_a_warp_is_refused_with_the_mend(scene) -> None:
    original = volume("T1", "MR", (7, 6, 5))
    node = node_from_volume(scene, original)
    node.SetAndObserveTransformNodeID(node_from_transform(scene, bspline(original.image), "warp").GetID())
    with pytest.raises(BadInput, match=r"'T1' stands below the non-linear transform 'warp'\. Harden"):
        volume_from_node(node)


def test_a_transform_that_flattens_space_is_refused(scene) -> None:
    node = node_from_volume(scene, volume("T1", "MR", (7, 6, 5)))
    put_below(node, scene, np.diag([1.0, 0.0, 1.0, 1.0]))
    with pytest.raises(BadInput, match="singular"):
        volume_from_node(node)


def test_a_node_without_voxels_is_refused(scene) -> None:
    with pytest.raises(BadInput, match="'empty' has no voxels"):
        volume_from_node(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty"))


@pytest.mark.parametrize(("components", "kind"), [(2, np.uint8), (3, np.float32), (9, np.float32), (4, np.int16)])
def test_vectors_that_are_no_colour_are_refused(scene, components: int, kind: type) -> None:
    node = node_with_voxels(scene, np.ones((24, components), kind))
    with pytest.raises(BadInput, match=f"{components} components of type {np.dtype(kind)}"):
        volume_from_node(node)


def test_the_transparency_of_a_picture_is_left_out(scene) -> None:
    voxels = np.arange(96, dtype=np.uint8).reshape(24, 4)
    back = volume_from_node(node_with_voxels(scene, voxels))
    assert back.is_colour
    np.testing.assert_array_equal(back.array.reshape(-1, 3), voxels[:, :3])


def test_voxels_that_do_not_begin_at_index_zero_keep_their_place(scene) -> None:
    node = node_with_voxels(scene, np.arange(24, dtype=np.int16), extent=(5, 8, 2, 4, 1, 2))
    node.SetSpacing(2.0, 3.0, 4.0)
    back = volume_from_node(node)
    np.testing.assert_allclose(ijk_to_ras(back.image)[:3, 3], (10, 6, 4))


def node_with_voxels(scene, voxels: np.ndarray, extent: tuple[int, ...] = (0, 3, 0, 2, 0, 1)):
    """A vector volume node with the given voxels in ``extent``."""
    data = vtkImageData()
    data.SetExtent(*extent)
    data.GetPointData().SetScalars(numpy_to_vtk(voxels, deep=True))
    node = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "vectors")
    node.SetAndObserveImageData(data)
    return node


def test_the_modality_comes_from_the_caller_then_dicom_then_unit_then_name(scene) -> None:
    image = sitk.GetImageFromArray(np.zeros((3, 3, 3), np.float32))
    node = node_from_volume(scene, Volume(image, "unknown", "head T1"))
    node.RemoveAttribute("MedFusion.modality")
    assert volume_from_node(node).modality == "MR"
    units = slicer.vtkCodedEntry()
    units.SetValueSchemeMeaning("[hnsf'U]", "UCUM", "Hounsfield unit")
    node.SetVoxelValueUnits(units)
    assert (volume_from_node(node).modality, volume_from_node(node).unit) == ("CT", "HU")
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = tree.CreateItem(tree.GetSceneItemID(), node)
    tree.SetItemAttribute(item, "DICOM.Modality", "PT")
    tree.SetItemAttribute(item, "DICOM.FrameOfReferenceUID", "1.2.3")
    assert volume_from_node(node).modality == "PET"
    assert volume_from_node(node, "SPECT").modality == "SPECT"
    assert volume_from_node(node).frame_of_reference == "1.2.3"
    put_below(node, scene, np.diag([1.0, 1, 1, 1]))
    assert volume_from_node(node).frame_of_reference == ""  # it was moved away from the scanner's frame


def test_two_volumes_of_one_name_become_two_nodes_that_can_be_told_apart(scene) -> None:
    one = volume("CT", "CT", (4, 4, 4))
    names = [node_from_volume(scene, one).GetName() for _ in range(2)]
    assert names[0] == "CT"
    assert names[0] != names[1]
