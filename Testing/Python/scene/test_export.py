"""What a run takes from the scene reaches the command line as it lies in the world."""

from __future__ import annotations

import numpy as np
import phantom
import pytest
import SimpleITK as sitk

from MedFusionLib import Recipe
from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import Geometry, ijk_to_ras
from MedFusionLib.registration.points import read_pairs
from MedFusionLib.registration.transforms import load
from MedFusionLib.scene import node_from_transform, node_from_volume
from MedFusionLib.scene.export import Inputs, export, read_volumes, with_choices
from MedFusionLib.scene.masks import mask_from_node
from MedFusionLib.scene.matrices import to_vtk
from MedFusionLib.scene.rounding import without_rounding
from MedFusionLib.volume import Volume

slicer = pytest.importorskip("slicer")


@pytest.fixture
def scene():
    return slicer.vtkMRMLScene()


@pytest.fixture
def nodes(scene, patient):
    return tuple(node_from_volume(scene, volume) for volume in patient[:2])


def shifted(scene, shift) -> object:
    """A transform node that moves what stands below it by ``shift`` (RAS, mm)."""
    matrix = np.eye(4)
    matrix[:3, 3] = shift
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
    node.SetMatrixTransformToParent(to_vtk(matrix))
    return node


def exported(scene, nodes, folder, **given) -> tuple[list[str], Recipe]:
    inputs = Inputs(nodes, **given)
    arguments = export(inputs, read_volumes(scene, inputs), Recipe(), folder)
    return arguments, Recipe.read(folder / "recipe.json")


def test_a_volume_reaches_the_file_to_the_last_bit(scene, patient, tmp_path) -> None:
    image = patient[0].image
    image.SetSpacing((1.9531249, 2.0703125, 3.2699897))
    image.SetOrigin((-40.123457, 25.7654321, -300.98765))
    nodes = tuple(node_from_volume(scene, volume) for volume in patient[:2])
    arguments, _ = exported(scene, nodes, tmp_path)
    written = sitk.ReadImage(str(tmp_path / arguments[0]))
    assert (written.GetSpacing(), written.GetOrigin()) == (image.GetSpacing(), image.GetOrigin())
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written), patient[0].array)
    assert "--name=CT" in arguments
    assert "--modality=MR" in arguments


def test_a_parent_transform_counts_for_volume_mask_and_points(scene, nodes, tmp_path) -> None:
    above = shifted(scene, (10.0, -20.0, 30.0))
    nodes[0].SetAndObserveTransformNodeID(above.GetID())
    mask = node_from_volume(scene, phantom.volume("CT").like((phantom.labels() == 5).astype(np.uint8)), "tumour")
    mask.SetAndObserveTransformNodeID(above.GetID())
    points = [scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name) for name in ("fixed", "moving")]
    for node in points:
        for place in ((1.0, 2.0, 3.0), (11.0, 2.0, 3.0), (1.0, 12.0, 3.0)):
            node.AddControlPoint(place)
    points[0].SetAndObserveTransformNodeID(above.GetID())
    arguments, recipe = exported(scene, nodes, tmp_path, mask=mask, landmarks=tuple(points))
    written = sitk.ReadImage(str(tmp_path / arguments[0]))
    place = ijk_to_ras(phantom.volume("CT").image)[:3, 3] + (10.0, -20.0, 30.0)
    np.testing.assert_allclose(ijk_to_ras(written)[:3, 3], place)
    inside = sitk.ReadImage(str(tmp_path / recipe.settings.fixed_mask))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(inside), phantom.labels() == 5)
    fixed, moving = read_pairs(tmp_path / recipe.settings.landmarks)
    np.testing.assert_allclose(fixed, [(-11.0, 18.0, 33.0), (-21.0, 18.0, 33.0), (-11.0, 8.0, 33.0)])
    np.testing.assert_allclose(moving, [(-1.0, -2.0, 3.0), (-11.0, -2.0, 3.0), (-1.0, -12.0, 3.0)])
    assert recipe.settings.initial == "landmarks"


def test_an_initial_transform_takes_fixed_points_to_moving_ones(scene, nodes, tmp_path) -> None:
    # A moving volume that must go 5 mm to the patient's right (RAS) to show aligned.
    node = shifted(scene, (-5.0, 0.0, 0.0))
    _, recipe = exported(scene, nodes, tmp_path, initial=node)
    start = load(tmp_path / recipe.settings.initial)
    assert start.TransformPoint((0.0, 0.0, 0.0)) == pytest.approx((-5.0, 0.0, 0.0))


def test_an_initial_transform_that_counts_twice_or_hangs_below_another_is_refused(scene, nodes, tmp_path) -> None:
    node = shifted(scene, (-5.0, 0.0, 0.0))
    nodes[1].SetAndObserveTransformNodeID(node.GetID())
    with pytest.raises(BadInput, match="stands below the initial transform 'shift' already"):
        exported(scene, nodes, tmp_path, initial=node)
    nodes[1].SetAndObserveTransformNodeID(None)
    above = node_from_transform(scene, sitk.TranslationTransform(3, (1, 2, 3)), "above")
    node.SetAndObserveTransformNodeID(above.GetID())
    with pytest.raises(BadInput, match="'shift' stands below 'above'"):
        exported(scene, nodes, tmp_path, initial=node)


def test_a_segmentation_is_a_mask_of_all_its_segments_where_it_lies(scene) -> None:
    fixed = phantom.volume("CT")
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    for label in (4, 5):
        segmentation.AddSegmentFromBinaryLabelmapRepresentation(_oriented(fixed, phantom.labels() == label), str(label))
    mask = mask_from_node(segmentation, fixed)
    np.testing.assert_array_equal(mask.array, np.isin(phantom.labels(), (4, 5)))
    segmentation.SetAndObserveTransformNodeID(shifted(scene, (0.0, 0.0, 4.0)).GetID())
    moved = mask_from_node(segmentation, fixed)
    np.testing.assert_array_equal(moved.array[1:], mask.array[:-1])


def test_a_mask_that_is_empty_or_elsewhere_is_refused(scene) -> None:
    fixed = phantom.volume("CT")
    empty = node_from_volume(scene, fixed.like(np.zeros(fixed.array.shape, np.uint8)), "nothing")
    with pytest.raises(BadInput, match="'nothing' is empty on CT"):
        mask_from_node(empty, fixed)
    far = node_from_volume(scene, fixed.like((phantom.labels() > 0).astype(np.uint8)), "far")
    far.SetAndObserveTransformNodeID(shifted(scene, (1000.0, 0.0, 0.0)).GetID())
    with pytest.raises(BadInput, match="'far' is empty on CT"):
        mask_from_node(far, fixed)
    with pytest.raises(BadInput, match="holds no voxels"):
        mask_from_node(scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "blank"), fixed)
    with pytest.raises(BadInput, match="vtkMRMLTextNode"):
        mask_from_node(scene.AddNewNodeByClass("vtkMRMLTextNode", "words"), fixed)


def test_points_that_are_no_pairs_are_refused(scene, nodes, tmp_path) -> None:
    points = tuple(scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name) for name in ("here", "there"))
    points[0].AddControlPoint((1.0, 2.0, 3.0))
    with pytest.raises(BadInput, match="'here' has 1 points and 'there' 0"):
        exported(scene, nodes, tmp_path, landmarks=points)


def test_rounding_is_put_back_and_other_numbers_are_left() -> None:
    told = Geometry((0.9765620231628418, 2.0, 1 / 3), (-838.6149902343751, 110.30000000000001, 1e-17),
                    (1.0, 0.0, -0.0, 0.0, float(np.cos(0.3)), float(-np.sin(0.3)), 0.0, 0.1, 0.2))
    mended = without_rounding(told)
    assert mended.spacing == (0.9765620231628418, 2.0, 1 / 3)
    assert mended.origin == (float(np.float32(-838.61499)), 110.3, 0.0)
    assert mended.direction == told.direction


def test_choices_change_a_recipe_and_a_new_method_starts_at_its_defaults() -> None:
    recipe = with_choices(Recipe(method="laplacian", parameters={"levels": 2}), "average", "BRAINSFit", "affine")
    assert (recipe.method, recipe.parameters) == ("average", {})
    assert (recipe.settings.method, recipe.settings.transform) == ("brainsfit", "affine")
    assert with_choices(None) == with_choices(Recipe())
    assert with_choices(None, "laplacian", parameters={"levels": 3}).parameters == {"levels": 3}
    with pytest.raises(BadInput, match="transform = 'warp' is not known"):
        with_choices(None, transform="warp")


def _oriented(fixed: Volume, inside: np.ndarray) -> object:
    """A label map as segmentations hold it, on the grid of ``fixed``."""
    from vtkmodules.util.numpy_support import numpy_to_vtk

    image = slicer.vtkOrientedImageData()
    image.SetDimensions(*inside.shape[::-1])
    image.SetImageToWorldMatrix(to_vtk(ijk_to_ras(fixed.image)))
    image.GetPointData().SetScalars(numpy_to_vtk(inside.astype(np.uint8).ravel(), deep=True))
    return image
