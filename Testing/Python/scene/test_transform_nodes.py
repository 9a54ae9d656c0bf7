"""Transform nodes move points as the SimpleITK transforms they were made from, in the direction Slicer expects."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from made_run import bspline, inside, rigid, volume

from MedFusionLib.errors import BadInput
from MedFusionLib.scene import node_from_transform, transform_from_node

slicer = pytest.importorskip("slicer")
RAS = np.array([-1.0, -1.0, 1.0])
IMAGE = volume("fixed", "CT", (24, 20, 16)).image


def similarity() -> sitk.Transform:
    return sitk.Similarity3DTransform(1.15, (0, 0.6, 0.8), 0.3, (1, -2, 3), (-200, 300, -1000))


def affine() -> sitk.Transform:
    return sitk.AffineTransform((1.1, 0.1, 0, -0.05, 0.9, 0.02, 0, 0.1, 1.2), (10, 20, -30), (-200, 300, -1000))


def field() -> sitk.Transform:
    """A displacement field that is the same vector everywhere, so that no interpolation differs."""
    parts = [sitk.Image(IMAGE.GetSize(), sitk.sitkFloat64) + shift for shift in (1.5, -2.5, 3.5)]
    displacement = sitk.Compose(parts)
    displacement.CopyInformation(IMAGE)
    return sitk.DisplacementFieldTransform(displacement)


LINEAR = {
    "translation": lambda: sitk.TranslationTransform(3, (5, -7, 11)), "rigid": rigid, "similarity": similarity,
    "affine": affine, "euler": lambda: sitk.Euler3DTransform((1, 2, 3), 0.1, 0.2, 0.3, (4, 5, 6)),
    "composite of linear ones": lambda: sitk.CompositeTransform([rigid(), affine()]),
    "identity": lambda: sitk.Transform(3, sitk.sitkIdentity),
}
OTHERS = {
    "B-spline": lambda: bspline(IMAGE), "displacement field": field,
    "rigid and B-spline": lambda: sitk.CompositeTransform([rigid(), bspline(IMAGE)]),
    "nested": lambda: sitk.CompositeTransform([similarity(), sitk.CompositeTransform([affine(), bspline(IMAGE)])]),
}


@pytest.fixture
def scene():
    return slicer.vtkMRMLScene()


@pytest.mark.parametrize("name", [*LINEAR, *OTHERS])
def test_fixed_points_go_to_moving_ones_and_back_through_the_node(scene, name: str) -> None:
    transform = {**LINEAR, **OTHERS}[name]()
    node = node_from_transform(scene, transform, name)
    assert bool(node.IsLinear()) == (name in LINEAR)
    assert (node.GetClassName() == "vtkMRMLLinearTransformNode") == (name in LINEAR)
    # ITK applies the last of a composite first: the warps see points of IMAGE, where they are defined.
    for fixed in inside(IMAGE, 25):
        moving = np.array(transform.TransformPoint(fixed.tolist()))
        np.testing.assert_allclose(node.GetTransformFromParent().TransformPoint(fixed * RAS), moving * RAS, atol=1e-6)
        np.testing.assert_allclose(node.GetTransformToParent().TransformPoint(moving * RAS), fixed * RAS, atol=1e-2)


def test_a_hand_worked_shift_moves_the_moving_volume_to_where_it_belongs(scene) -> None:
    # Fixed point p corresponds to moving point p + 10 mm towards the patient's left (LPS x), so the moving
    # volume must be shown 10 mm further right, which is +10 mm in RAS x.
    node = node_from_transform(scene, sitk.TranslationTransform(3, (10, 0, 0)), "shift")
    moving = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    moving.SetAndObserveTransformNodeID(node.GetID())
    shown = [0.0, 0.0, 0.0]
    moving.TransformPointToWorld([0.0, 0.0, 0.0], shown)
    assert shown == pytest.approx([10, 0, 0])


@pytest.mark.parametrize("name", [*LINEAR, *OTHERS])
def test_a_transform_comes_back_from_its_node_as_it_was(scene, name: str) -> None:
    transform = {**LINEAR, **OTHERS}[name]()
    back = transform_from_node(node_from_transform(scene, transform, name))
    for point in inside(IMAGE, 10):
        expected = transform.TransformPoint(point.tolist())
        np.testing.assert_allclose(back.TransformPoint(point.tolist()), expected, atol=1e-6)


def test_a_transform_of_pictures_turns_within_their_plane(scene) -> None:
    turn = sitk.Euler2DTransform((3.0, 4.0), 0.3, (10.0, -5.0))
    node = node_from_transform(scene, turn, "turn")
    x, y = turn.TransformPoint((7.0, 9.0))
    np.testing.assert_allclose(node.GetTransformFromParent().TransformPoint(-7.0, -9.0, 2.0), (-x, -y, 2.0), atol=1e-9)


def test_a_transform_that_slicer_cannot_hold_is_refused_and_leaves_no_node(scene, capfd) -> None:
    linear_spline = sitk.BSplineTransformInitializer(IMAGE, [4, 4, 4], order=1)
    linear_spline.SetParameters([1.0] * len(linear_spline.GetParameters()))
    with pytest.raises(BadInput, match=r"cannot hold the transform 'spline'.*cubic B-spline"):
        node_from_transform(scene, linear_spline, "spline")
    assert scene.GetNumberOfNodes() == 0


def test_the_inverse_of_a_warp_is_refused_because_only_an_approximation_is_known(scene, capfd) -> None:
    node = node_from_transform(scene, bspline(IMAGE), "warp")
    node.Inverse()
    with pytest.raises(BadInput, match=r"'warp' holds .*the inverse of a non-linear transform"):
        transform_from_node(node)
