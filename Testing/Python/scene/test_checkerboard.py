"""Looking at an alignment: what is shown, pixel by pixel, and that nothing of it stays."""

from __future__ import annotations

import numpy as np
import pytest
import slice_pixels

from MedFusionLib.errors import BadInput
from MedFusionLib.scene.blend import blend
from MedFusionLib.scene.checkerboard import MODES, show_checkerboard
from MedFusionLib.scene.composites import Shown, composites
from MedFusionLib.scene.matrices import to_vtk
from MedFusionLib.tiles import second_fields

slicer = pytest.importorskip("slicer")


@pytest.fixture
def scene():
    colours = slicer.vtkMRMLColorLogic()
    yield slice_pixels.new_scene(colours)
    colours.SetMRMLScene(None)


@pytest.fixture
def pair(scene) -> list:
    """Two even volumes: 80 and 20 of 100."""
    shape = slice_pixels.SIZE[::-1]
    return [slice_pixels.add(scene, name, np.full(shape, value)) for name, value in (("fixed", 80.0), ("moved", 20.0))]


def state(scene) -> tuple:
    """Nodes, and what the views show."""
    nodes = [scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())]
    return nodes, [Shown.of(composite) for composite in composites(scene)]


def test_the_checkerboard_shows_cubes_of_two_centimetres_in_turn(scene, pair: list) -> None:
    view = show_checkerboard(scene, *pair)
    picture = slice_pixels.pixels(scene, "Red", pair[0])
    columns = picture[30, :, 0]
    inside = columns[columns > 10]
    # 30 mm wide: a field of 20 mm and one of 10, blurred where they meet by the view's interpolation.
    assert {inside[0].round(), inside[-1].round()} == {51.0, 204.0}
    shares = sorted((np.abs(inside - level) < 77).mean() for level in (51.0, 204.0))
    assert shares == pytest.approx([10 / 30, 20 / 30], abs=0.05)
    view.close()


def test_fields_alternate_along_every_axis_and_have_the_size_asked_for_in_mm() -> None:
    board = second_fields((4, 6, 8), (5.0, 2.0, 1.0), tile=4.0)
    np.testing.assert_array_equal(board[0, 0], [False] * 4 + [True] * 4)
    np.testing.assert_array_equal(board[0, :, 0], [False, False, True, True, False, False])
    np.testing.assert_array_equal(board[:, 0, 0], [False, True, False, True])
    assert second_fields((8, 8), (1.0, 1.0), 4.0).mean() == 0.5


def test_what_agrees_is_grey_and_what_differs_is_green_or_magenta(scene, pair: list) -> None:
    view = show_checkerboard(scene, *pair, "complementary")
    np.testing.assert_allclose(slice_pixels.pixels(scene, "Red", pair[0])[30, 30], (51, 204, 51), atol=2)
    view.close()
    view = show_checkerboard(scene, pair[0], pair[0], "complementary")
    np.testing.assert_allclose(slice_pixels.pixels(scene, "Red")[30, 30], (204, 204, 204), atol=2)
    view.close()


def test_a_shifted_volume_leaves_a_green_and_a_magenta_seam(scene) -> None:
    x = np.arange(30)
    blob = np.broadcast_to(np.where((x > 9) & (x < 20), 100.0, 0.0), slice_pixels.SIZE[::-1])
    fixed, moved = slice_pixels.add(scene, "fixed", blob), slice_pixels.add(scene, "moved", blob)
    shift = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[0, 3] = 4.0
    shift.SetMatrixTransformToParent(to_vtk(matrix))
    moved.SetAndObserveTransformNodeID(shift.GetID())
    view = show_checkerboard(scene, fixed, moved, "complementary")
    row = slice_pixels.pixels(scene, "Red", fixed)[30]
    kinds = {tuple((pixel > 128).tolist()) for pixel in row}
    assert kinds == {(False, False, False), (False, True, False), (True, True, True), (True, False, True)}
    view.close()


def test_flicker_shows_one_and_then_the_other(scene, pair: list) -> None:
    view = show_checkerboard(scene, *pair, "flicker")
    seen = []
    for _ in range(3):
        seen.append(round(slice_pixels.pixels(scene, "Red", pair[0])[30, 30, 0]))
        view.next()
    assert seen == [204, 51, 204]
    view.close()
    view.next()
    assert not view.is_open


@pytest.mark.parametrize("mode", list(MODES))
def test_when_left_nodes_and_views_are_as_before(scene, pair: list, mode: str) -> None:
    blend(scene, pair, pair[0], 0.3)
    before = state(scene)
    view = show_checkerboard(scene, *pair, mode)
    assert view.is_open
    view.close()
    view.close()
    assert state(scene) == before


@pytest.mark.parametrize("mode", list(MODES))
def test_a_scene_saved_meanwhile_holds_nothing_of_it(scene, pair: list, mode: str, tmp_path) -> None:
    view = show_checkerboard(scene, *pair, mode)
    path = tmp_path / "scene.mrml"
    scene.SetURL(str(path))
    assert scene.Commit()
    view.close()
    reopened = slicer.vtkMRMLScene()
    reopened.SetURL(str(path))
    reopened.Connect()
    names = {reopened.GetNthNode(index).GetName() for index in range(reopened.GetNumberOfNodes())}
    assert not {name for name in names if name and name.startswith("MedFusion")}
    kept = {*(node.GetID() for node in pair), None}
    assert all(volume in kept for composite in composites(reopened) for volume in Shown.of(composite).volumes)


@pytest.mark.parametrize("mode", list(MODES))
def test_temporary_nodes_are_hidden_and_not_saved(scene, pair: list, mode: str) -> None:
    before = set(state(scene)[0])
    view = show_checkerboard(scene, *pair, mode)
    made = [scene.GetNodeByID(name) for name in state(scene)[0] if name not in before]
    assert all(node.GetHideFromEditors() and not node.GetSaveWithScene() for node in made)
    view.close()


@pytest.mark.parametrize("mode", list(MODES))
def test_closing_the_scene_or_removing_a_volume_meanwhile_is_harmless(scene, pair: list, mode: str) -> None:
    view = show_checkerboard(scene, *pair, mode)
    scene.RemoveNode(pair[1])
    view.next()
    assert not view.is_open
    view.close()
    view = show_checkerboard(scene, pair[0], pair[0], mode)
    scene.Clear(False)
    view.next()
    view.close()


@pytest.mark.parametrize("mode", list(MODES))
def test_a_scene_without_views_takes_no_harm(mode: str) -> None:
    scene = slicer.vtkMRMLScene()
    pair = [slice_pixels.add(scene, name, np.ones((3, 3, 3))) for name in "ab"]
    count = scene.GetNumberOfNodes()
    show_checkerboard(scene, *pair, mode).close()
    assert scene.GetNumberOfNodes() == count


def test_volumes_on_different_grids_are_compared_where_they_lie(scene, pair: list) -> None:
    coarse = slice_pixels.node_from_volume(scene, slice_pixels.volume("coarse", np.full((6, 6, 6), 20.0), (5.0,) * 3))
    slice_pixels.set_display(coarse, 0.0, 100.0, "vtkMRMLColorTableNodeGrey")
    view = show_checkerboard(scene, pair[0], coarse)
    assert {51.0, 204.0} <= set(np.unique(slice_pixels.pixels(scene, "Red", pair[0]).round()))
    view.close()


def test_what_cannot_be_compared_is_told_and_leaves_nothing(scene, pair: list) -> None:
    before = state(scene)
    with pytest.raises(BadInput, match="stripes"):
        show_checkerboard(scene, *pair, "stripes")
    with pytest.raises(BadInput, match="no longer in the scene"):
        show_checkerboard(scene, pair[0], None)
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    with pytest.raises(BadInput, match="'empty' has no voxels"):
        show_checkerboard(scene, pair[0], empty)
    scene.RemoveNode(empty)
    rgb = slicer.vtkMRMLVectorVolumeNode()
    rgb.SetName("photo")
    scene.AddNode(rgb)
    rgb.SetAndObserveImageData(slice_pixels_colour())
    rgb.CreateDefaultDisplayNodes()
    with pytest.raises(BadInput, match="'photo' is a colour picture"):
        show_checkerboard(scene, pair[0], rgb, "complementary")
    scene.RemoveNode(rgb.GetDisplayNode())
    scene.RemoveNode(rgb)
    assert state(scene) == before


def slice_pixels_colour() -> object:
    from MedFusionLib.scene.nodes import image_data

    return image_data(np.zeros((2, 3, 4, 3), np.uint8), (4, 3, 2))
