"""Resampling: once, from the original, with the modality's background, and an honest field of view."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.resample import background, resample
from MedFusionLib.volume import Volume


def volume(array: np.ndarray, modality: str = "MR", spacing: tuple[float, ...] = (1.0, 1.0, 1.0)) -> Volume:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing[: image.GetDimension()])
    return Volume(image, modality)


def shift(*millimetres: float) -> sitk.Transform:
    return sitk.TranslationTransform(len(millimetres), list(millimetres))


def test_a_shift_of_whole_voxels_moves_values_and_field_of_view() -> None:
    array = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    moved, inside = resample(volume(array), volume(array), shift(2, 1, 0))
    assert np.array_equal(moved.array[:, :3, :3], array[:, 1:, 2:])
    expected = np.zeros((3, 4, 5), bool)
    expected[:, :3, :3] = True
    assert np.array_equal(inside, expected)


def test_the_field_of_view_reaches_half_a_voxel_beyond_the_centres() -> None:
    array = np.ones((4, 4, 4), np.float32)
    for step, seen in ((0.49, 4), (0.51, 3)):
        _, inside = resample(volume(array), volume(array), shift(step, 0, 0))
        assert inside[0, 0].sum() == seen


def test_values_between_voxels_are_linear() -> None:
    ramp = np.broadcast_to(np.arange(6, dtype=np.float32), (3, 3, 6)).copy()
    moved, _ = resample(volume(ramp), volume(ramp), shift(0.25, 0, 0))
    assert np.allclose(moved.array[..., :5], ramp[..., :5] + 0.25, atol=1e-6)


@pytest.mark.parametrize(("modality", "low", "expected"), [
    ("CT", -1024, -1000.0), ("CT", -700, -700.0), ("CT", 0, 0.0), ("PET", 0, 0.0), ("MR", -3, 0.0),
])
def test_outside_is_the_modalitys_background_and_never_beyond_the_volumes_range(
    modality: str, low: int, expected: float
) -> None:
    array = np.full((3, 3, 3), 50, np.int16)
    array[0, 0, 0] = low
    ct = volume(array, modality)
    assert background(ct) == expected
    moved, inside = resample(ct, ct, shift(10, 0, 0))
    assert not inside.any()
    assert (moved.array == expected).all()


def test_sixteen_bit_ct_becomes_float32_without_loss() -> None:
    array = np.random.default_rng(1).integers(-1024, 3071, (3, 4, 5)).astype(np.int16)
    moved, inside = resample(volume(array, "CT"), volume(array), sitk.Transform(3, sitk.sitkIdentity))
    assert moved.array.dtype == np.float32
    assert inside.all()
    assert np.array_equal(moved.array, array)


def test_labels_keep_their_type_and_values() -> None:
    array = np.random.default_rng(2).integers(0, 9, (5, 6, 7)).astype(np.uint8)
    moved, _ = resample(volume(array), volume(array), shift(0.4, -0.4, 0.3), labels=True)
    assert moved.array.dtype == np.uint8
    assert np.array_equal(moved.array, array)


def test_a_colour_picture_stays_eight_bit_rgb() -> None:
    array = np.random.default_rng(3).integers(0, 255, (8, 9, 3)).astype(np.uint8)
    picture = Volume(sitk.GetImageFromArray(array, isVector=True), "PET")
    moved, inside = resample(picture, picture, shift(1, 0))
    assert moved.is_colour
    assert moved.array.dtype == np.uint8
    assert np.array_equal(moved.array[:, :8], array[:, 1:])
    assert inside[:, :8].all()
    assert not inside[:, 8].any()
    assert (moved.array[:, 8] == 0).all()


def test_a_chain_is_interpolated_once() -> None:
    noise = np.random.default_rng(4).normal(size=(6, 6, 6)).astype(np.float32)
    moved, inside = resample(volume(noise), volume(noise), [shift(0.5, 0, 0), shift(-0.5, 0, 0)])
    assert inside.all()
    assert np.allclose(moved.array, noise, atol=1e-6)


def test_the_first_transform_of_a_chain_acts_on_fixed_points_first() -> None:
    array = np.zeros((9, 9, 9), np.float32)
    array[4, 2, 6] = 1
    turn = sitk.AffineTransform([0, -1, 0, 1, 0, 0, 0, 0, 1], [0, 0, 0])
    # turn's inverse maps (x, y) to (y, -x): the fixed point (3, 4, 4) goes to (-2, 6, 4), then to (6, 2, 4).
    moved, _ = resample(volume(array), volume(array), [shift(-5, 2, 0), turn.GetInverse()])
    assert moved.array[4, 4, 3] == 1


def test_an_oblique_left_handed_grid_keeps_the_place_of_a_point() -> None:
    array = np.zeros((20, 20, 20), np.float32)
    array[9:12, 9:12, 9:12] = 1
    moving = volume(array, spacing=(2.0, 2.0, 2.0))
    turn = sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.4)
    grid = sitk.Image([40, 40, 40], sitk.sitkUInt8)
    grid.SetDirection((np.array(turn.GetMatrix()).reshape(3, 3) @ np.diag([1, 1, -1])).ravel().tolist())
    middle = np.array(moving.image.TransformIndexToPhysicalPoint([10, 10, 10]))
    grid.SetOrigin((middle - np.reshape(grid.GetDirection(), (3, 3)) @ np.full(3, 19.5)).tolist())
    moved, _ = resample(moving, Volume(grid), sitk.AffineTransform(3))
    weights = moved.array / moved.array.sum()
    index = [float((weights * axis).sum()) for axis in np.indices(weights.shape)[::-1]]
    assert np.allclose(moved.image.TransformContinuousIndexToPhysicalPoint(index), middle, atol=0.05)
    assert moved.image.GetDirection() == grid.GetDirection()


def test_volume_and_picture_do_not_mix() -> None:
    flat, solid = volume(np.ones((3, 3), np.float32)), volume(np.ones((3, 3, 3), np.float32))
    with pytest.raises(BadInput, match="'volume' has 2 dimensions"):
        resample(flat, solid, sitk.AffineTransform(3))
    with pytest.raises(BadInput, match="transform has 2 dimensions"):
        resample(solid, solid, sitk.AffineTransform(2))
