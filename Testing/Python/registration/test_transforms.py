"""Transforms: hand-worked compositions and measures, files, and what Slicer's own reader makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.registration import transforms
from MedFusionLib.volume import Volume

POINTS = np.random.default_rng(0).uniform(-55, 55, (50, 3)) + np.array([300, -505, 900])


def rigid(degrees: float = 20.0) -> sitk.Euler3DTransform:
    return sitk.Euler3DTransform((310.0, -480.0, 950.0), np.radians(degrees), 0.0, 0.0, (4.0, -7.0, 9.0))


def grid(size: tuple[int, int, int] = (40, 30, 20)) -> Volume:
    image = sitk.Image(size, sitk.sitkUInt8)
    image.SetSpacing((4.0, 5.0, 8.0))
    image.SetOrigin((220.0, -580.0, 820.0))
    return Volume(image)


def warp(amplitude: float = 3.0) -> sitk.BSplineTransform:
    transform = sitk.BSplineTransformInitializer(grid().image, [4, 4, 4], 3)
    random = np.random.default_rng(1)
    transform.SetParameters((random.normal(size=len(transform.GetParameters())) * amplitude).tolist())
    return transform


def test_linear_transforms_compose_to_one_affine_in_the_order_given() -> None:
    scale = transforms.affine(np.diag([2.0, 1.0, 0.5]), np.array([1.0, 2.0, 3.0]))
    both = transforms.compose([rigid(), scale])
    assert isinstance(both, sitk.AffineTransform)
    expected = transforms.apply(scale, transforms.apply(rigid(), POINTS))
    assert np.allclose(transforms.apply(both, POINTS), expected, atol=1e-9)


def test_nested_composites_keep_itks_order() -> None:
    nested = sitk.CompositeTransform([rigid(), sitk.CompositeTransform([warp(), rigid(5)])])
    assert np.allclose(
        transforms.apply(transforms.compose([nested]), POINTS), transforms.apply(nested, POINTS), atol=1e-9
    )


def test_composing_nothing_is_the_identity() -> None:
    assert np.array_equal(transforms.apply(transforms.compose([]), POINTS), POINTS)


def test_the_inverse_undoes_a_linear_transform() -> None:
    back = transforms.compose([rigid(), transforms.inverse(rigid())])
    assert np.allclose(transforms.apply(back, POINTS), POINTS, atol=1e-9)


def test_a_warp_and_a_flat_transform_have_no_inverse() -> None:
    with pytest.raises(BadInput, match="deformable"):
        transforms.inverse(warp())
    with pytest.raises(BadInput, match="determinant 0"):
        transforms.inverse(transforms.affine(np.diag([1.0, 1.0, 0.0]), np.zeros(3)))


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 0.5, 20.0, 90.0, 179.0])
def test_the_rotation_angle_is_the_one_put_in(degrees: float) -> None:
    assert transforms.rotation_degrees(rigid(degrees)) == pytest.approx(degrees, abs=1e-9)


def test_the_rotation_of_an_affine_ignores_its_scale() -> None:
    stretched = transforms.compose([transforms.affine(np.diag([1.2, 1.2, 1.2]), np.zeros(3)), rigid(12)])
    assert transforms.rotation_degrees(stretched) == pytest.approx(12)


def test_the_shift_of_the_centre_of_rotation_is_the_translation() -> None:
    assert transforms.shift_mm(rigid(), (310.0, -480.0, 950.0)) == pytest.approx(np.sqrt(16 + 49 + 81))


def test_points_of_a_mask_lie_in_it() -> None:
    mask = np.zeros((20, 30, 40), bool)
    mask[3, 7, 11] = True
    points = transforms.sample_points(grid(), mask)
    assert np.allclose(points, [grid().image.TransformIndexToPhysicalPoint((11, 7, 3))])


def test_the_jacobian_of_a_scaling_is_its_volume_factor() -> None:
    low, high = transforms.jacobian_range(transforms.affine(np.diag([1.1, 1.0, 0.9]), np.zeros(3)), grid())
    assert low == pytest.approx(0.99, abs=1e-3)
    assert high == pytest.approx(0.99, abs=1e-3)


def test_a_folding_warp_has_a_negative_jacobian_and_a_small_one_not() -> None:
    assert transforms.jacobian_range(warp(0.5), grid())[0] > 0.5
    assert transforms.jacobian_range(warp(60), grid())[0] < 0


def test_the_jacobian_is_looked_at_where_the_tissue_is() -> None:
    # Only the patient's left half (x above the middle) is stretched, by a quarter of each millimetre beyond it.
    field = np.zeros((20, 30, 40, 3))
    field[..., 0] = np.maximum(np.arange(40) * 4.0 - 80.0, 0.0) * 0.25
    image = sitk.GetImageFromArray(field, isVector=True)
    image.CopyInformation(grid().image)
    stretch = sitk.DisplacementFieldTransform(image)
    left, right = np.zeros((2, 20, 30, 40), bool)
    left[2:18, 2:28, 24:38], right[2:18, 2:28, 2:17] = True, True
    assert transforms.jacobian_range(stretch, grid(), right) == pytest.approx((1.0, 1.0), abs=1e-6)
    assert transforms.jacobian_range(stretch, grid(), left) == pytest.approx((1.25, 1.25), abs=1e-6)
    low, high = transforms.jacobian_range(stretch, grid())
    assert low <= 1.0
    assert high >= 1.25


@pytest.mark.parametrize("ending", [".h5", ".tfm"])
@pytest.mark.parametrize("kind", ["linear", "warp", "both"])
def test_a_saved_transform_comes_back(tmp_path: Path, ending: str, kind: str) -> None:
    made = {"linear": rigid(), "warp": warp(), "both": transforms.compose([warp(), rigid()])}[kind]
    back = transforms.load(transforms.save(made, tmp_path / f"t{ending}"))
    assert np.allclose(transforms.apply(back, POINTS), transforms.apply(made, POINTS), atol=1e-9)
    assert [file.name for file in tmp_path.iterdir()] == [f"t{ending}"]


def test_bad_transform_files_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.h5").touch()
    (tmp_path / "text.tfm").write_text("not a transform\n")
    whole = transforms.save(rigid(), tmp_path / "whole.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "nan.tfm").write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
        "Parameters: nan 0 0 0 1 0 0 0 1 0 0 0\nFixedParameters: 0 0 0\n"
    )
    sitk.WriteTransform(sitk.Euler2DTransform(), str(tmp_path / "flat.tfm"))
    for name in ("empty.h5", "text.tfm", "cut.h5", "other.json", "nan.tfm", "flat.tfm", "missing.h5"):
        with pytest.raises(BadInput) as caught:
            transforms.load(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_saving_where_it_cannot_be_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="ending"):
        transforms.save(rigid(), tmp_path / "t.xyz")
    with pytest.raises(BadInput, match="does not exist"):
        transforms.save(rigid(), tmp_path / "nowhere" / "t.h5")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".h5", ".tfm"])
@pytest.mark.parametrize("kind", ["linear", "warp", "both", "field"])
def test_slicers_own_reader_finds_the_same_transform(tmp_path: Path, ending: str, kind: str) -> None:
    mrml = pytest.importorskip("slicer_core", reason="slicer-core is not installed")
    field = sitk.DisplacementFieldTransform(sitk.TransformToDisplacementField(
        warp(), sitk.sitkVectorFloat64, [20, 20, 20], (200.0, -600.0, 800.0), (9.0, 9.0, 9.0)
    ))
    made = {"linear": rigid(), "warp": warp(), "both": transforms.compose([warp(), rigid()]), "field": field}[kind]
    path = transforms.save(made, tmp_path / f"t{ending}")
    scene, storage = mrml.vtkMRMLScene(), mrml.vtkMRMLTransformStorageNode()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    scene.AddNode(storage)
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    # From the parent (the world, RAS) to the node is the resampling direction, as the file holds it.
    general = node.GetTransformFromParent()
    flip = np.array([-1.0, -1.0, 1.0])
    seen = np.array([general.TransformPoint(point) for point in POINTS * flip]) * flip
    # Slicer goes between the nodes of a field by a cubic, ITK by a line.
    tolerance = 0.1 if kind == "field" else 1e-3
    assert np.abs(seen - transforms.apply(made, POINTS)).max() < tolerance
