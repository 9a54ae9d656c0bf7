"""Planes are cut where something is to be seen, and the patient's sides are told from the geometry alone."""

import numpy as np
import phantom
import pytest

from MedFusionLib import Recipe, Volume, run
from MedFusionLib.boards import checkerboards
from MedFusionLib.cuts import centre_of, cut, extent, layers_of, scale_bar, sides
from MedFusionLib.tiles import second_fields


def _volume(direction):
    return Volume.from_array(np.zeros((4, 5, 6), np.float32), spacing=(1.0, 2.0, 3.0), direction=direction)


@pytest.mark.parametrize(
    ("direction", "axial", "coronal", "sagittal"),
    [
        ([1, 0, 0, 0, 1, 0, 0, 0, 1], "RLAP", "RLSI", "APSI"),
        ([-1, 0, 0, 0, -1, 0, 0, 0, 1], "LRPA", "LRSI", "PASI"),
        ([1, 0, 0, 0, 1, 0, 0, 0, -1], "RLAP", "RLIS", "APIS"),
        ([0.98, 0.199, 0, -0.199, 0.98, 0, 0, 0, 1], "RLAP", "RLSI", "APSI"),
    ],
)
def test_the_edges_of_a_plane_bear_the_sides_of_the_patient(direction, axial, coronal, sagittal):
    volume = _volume(direction)
    for axis, expected in enumerate((axial, coronal, sagittal)):
        found = sides(volume, axis)
        assert found.left + found.right + found.top + found.bottom == expected


def test_a_plane_is_as_wide_and_high_as_its_voxels_in_mm():
    volume = _volume(np.eye(3))
    assert extent(volume, 0) == (6.0, 10.0)
    assert extent(volume, 1) == (6.0, 12.0)
    assert extent(volume, 2) == (10.0, 12.0)


def test_coronal_planes_show_the_last_slice_on_top():
    array = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(cut(array, 1, (0, 1, 0)), array[::-1, 1])


def test_the_planes_go_through_the_tumour_where_a_pet_shows_it(patient, verdict):
    result = run(patient, Recipe(method="average"))
    assert phantom.labels()[centre_of(result, layers_of(result))] == 5


@pytest.mark.parametrize(("width", "length"), [(300.0, 100), (90.0, 20), (12.0, 5), (3.0, 1)])
def test_the_scale_bar_is_round_and_fits(width, length):
    assert scale_bar(width) == length


def test_a_checkerboard_in_a_plane_is_the_one_in_space(patient, verdict):
    result = run(patient[:2], Recipe(method="average"))
    layers = layers_of(result)
    board = checkerboards(result, layers)[0]
    inside = second_fields(layers[0].grey.shape, phantom.SPACING[::-1]) & result.validity[1]
    whole = np.where(inside, layers[1].grey, layers[0].grey)
    for axis, place in ((0, 3), (0, 8), (1, 11), (2, 30)):
        centre = [5, 5, 5]
        centre[axis] = place
        found = board.plane(board.after, axis, tuple(centre))
        np.testing.assert_array_equal(found[..., 1], cut(whole, axis, tuple(centre)))
