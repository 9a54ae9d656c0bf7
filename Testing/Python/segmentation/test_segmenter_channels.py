"""What a segmenter sees: the axial grid, the order and windows of the channels, another frame, and the way back."""

from __future__ import annotations

import numpy as np
import phantom
import pytest
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.recipe import Recipe
from MedFusionLib.segmentation.channels import Slices, axial_grid, check_modalities, make_slices
from MedFusionLib.segmentation.outlining import on_fixed_grid
from MedFusionLib.volume import Volume

_IDENTITY = sitk.Transform(3, sitk.sitkIdentity)


def _corners(image: sitk.Image) -> np.ndarray:
    """The outer corners of the field of view (LPS, mm): least and greatest."""
    size = image.GetSize()
    places = [image.TransformContinuousIndexToPhysicalPoint([x, y, z])
              for x in (-0.5, size[0] - 0.5) for y in (-0.5, size[1] - 0.5) for z in (-0.5, size[2] - 0.5)]
    return np.array([np.min(places, axis=0), np.max(places, axis=0)])


@pytest.mark.parametrize("direction", [
    (1, 0, 0, 0, 1, 0, 0, 0, 1),
    (-1, 0, 0, 0, 1, 0, 0, 0, 1),
    (0, 0, 1, 1, 0, 0, 0, -1, 0),
])
def test_slices_are_axial_and_cover_the_field_of_view_however_it_was_scanned(direction: tuple[int, ...]) -> None:
    fixed = Volume.from_array(np.zeros((7, 31, 20), np.float32), (0.9, 1.1, 3.0), (5.0, -7.0, 40.0), direction)
    grid = axial_grid(fixed, 2.0).image
    np.testing.assert_allclose(np.reshape(grid.GetDirection(), (3, 3)), np.eye(3), atol=1e-9)
    assert grid.GetSpacing()[:2] == (2.0, 2.0)
    wanted, found = _corners(fixed.image), _corners(grid)
    np.testing.assert_allclose(found.mean(0), wanted.mean(0), atol=1e-6)
    # Less than a voxel more, and nothing less.
    assert (found[0] <= wanted[0] + 1e-6).all()
    assert (wanted[0] - found[0] <= 1.0 + 1e-6).all()


def test_channels_are_ct_pet_and_mr_in_their_windows_whatever_order_they_are_given_in() -> None:
    mr, ct, pet = (phantom.volume(name, noise=0.0) for name in ("MR", "CT", "PET"))
    slices = make_slices([mr, ct, pet], [_IDENTITY] * 3, Recipe(windows={"PET": (0.0, 10.0), "MR": (0.0, 1000.0)}))
    tissue = phantom.labels()
    for channel, (name, low, high) in enumerate((("CT", -160, 240), ("PET", 0, 10), ("MR", 0, 1000))):
        expected = np.clip((np.array(phantom.CONTRASTS[name])[tissue] - low) / (high - low), 0, 1)
        # The phantom's spacing is 2 mm, so that its voxels are the slices' own.
        np.testing.assert_allclose(slices.array[:, channel], expected, atol=1e-5)


def test_what_a_volume_does_not_see_is_black() -> None:
    ct, pet, mr = (phantom.volume(name) for name in ("CT", "PET", "MR"))
    half = Volume(mr.image[:, :20, :], "MR", "MR")
    slices = make_slices([ct, pet, half], [_IDENTITY] * 3, Recipe())
    assert not slices.array[:, 2, 20:].any()
    assert slices.array[:, 2, :20].any()


@pytest.mark.parametrize("names", [("CT", "PET"), ("CT", "CT", "PET"), ("CT", "MR", "PET", "PET")])
def test_other_volumes_than_one_of_each_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="CT"):
        check_modalities([phantom.volume(name) for name in names])


def test_a_ball_found_on_the_slices_has_its_place_and_size_on_an_oblique_fixed_grid() -> None:
    turn = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.1, -0.15, 0.2).GetMatrix()
    fixed = Volume.from_array(np.zeros((30, 60, 60), np.float32), (1.0, 1.0, 2.0), (-30.0, -20.0, 10.0), turn)
    grid = axial_grid(fixed, 2.0)
    middle = np.array(fixed.image.TransformContinuousIndexToPhysicalPoint([30, 28, 15]))
    size = grid.image.GetSize()
    places = np.array([grid.image.TransformIndexToPhysicalPoint([x, y, z])
                       for z in range(size[2]) for y in range(size[1]) for x in range(size[0])])
    distance = np.linalg.norm(places - middle, axis=1).reshape(size[::-1])
    soft = np.clip((13.0 - distance) / 2.0, 0, 1).astype(np.float32)
    slices = Slices(np.zeros((size[2], 3, size[1], size[0]), np.float32), grid)
    labels = on_fixed_grid(soft, slices, fixed)[1]
    assert labels.image.GetOrigin() == fixed.image.GetOrigin()
    assert labels.image.GetDirection() == fixed.image.GetDirection()
    inside = np.argwhere(labels.array > 0)
    centre = fixed.image.TransformContinuousIndexToPhysicalPoint(inside.mean(0)[::-1].tolist())
    np.testing.assert_allclose(centre, middle, atol=0.3)
    # Probability 0.5 lies at 12 mm.
    assert len(inside) * 2.0 == pytest.approx(4 / 3 * np.pi * 12.0**3, rel=0.06)
