"""The live blend: what the slice views really mix, and that only their composite nodes are touched."""

from __future__ import annotations

import numpy as np
import pytest
import slice_pixels

from MedFusionLib.errors import BadInput
from MedFusionLib.scene.blend import blend, mixed, travelled
from MedFusionLib.scene.composites import Shown, composites

slicer = pytest.importorskip("slicer")


@pytest.fixture
def scene():
    colours = slicer.vtkMRMLColorLogic()
    yield slice_pixels.new_scene(colours)
    colours.SetMRMLScene(None)


@pytest.fixture
def volumes(scene) -> list:
    """Three even sources of 80, 20 and 50 of 100, and a fused volume of 100."""
    shape = slice_pixels.SIZE[::-1]
    return [slice_pixels.add(scene, name, np.full(shape, value))
            for name, value in (("CT", 80.0), ("MR", 20.0), ("PET", 50.0), ("fused", 100.0))]


def centre(scene, fixed) -> float:
    return slice_pixels.pixels(scene, "Red", fixed)[30, 30].mean()


@pytest.mark.parametrize(("count", "mean"), [(1, 80.0), (2, 50.0), (3, 50.0)])
@pytest.mark.parametrize("position", [0.0, 0.3, 1.0])
def test_a_pixel_is_the_mean_of_the_sources_mixed_with_fused(scene, volumes: list, count: int, mean: float,
                                                             position: float) -> None:
    blend(scene, volumes[:count], volumes[3], position)
    expected = 2.55 * ((1 - position) * mean + position * 100.0)
    assert centre(scene, volumes[0]) == pytest.approx(expected, abs=2.0)


def test_the_slider_changes_slice_composites_only_and_each_once(scene, volumes: list) -> None:
    blend(scene, volumes[:3], volumes[3], 0.2)
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    before = {node.GetID(): node.GetMTime() for node in nodes}
    calls = []
    for composite in composites(scene):
        composite.AddObserver("ModifiedEvent", lambda *_: calls.append(1))
    blend(scene, volumes[:3], volumes[3], 0.7)
    changed = {node.GetClassName() for node in nodes if node.GetMTime() != before[node.GetID()]}
    assert changed == {"vtkMRMLSliceCompositeNode"}
    assert len(calls) == 3
    assert scene.GetNumberOfNodes() == len(nodes)


def test_with_two_layers_the_slider_travels_through_all_of_them() -> None:
    assert travelled("ab", "f", 0.0) == [("a", 1.0), ("b", 0.0)]
    assert travelled("ab", "f", 0.25) == [("a", 1.0), ("b", 0.5)]
    assert travelled("ab", "f", 0.75) == [("b", 1.0), ("f", 0.5)]
    assert travelled("ab", "f", 1.0) == [("b", 1.0), ("f", 1.0)]
    assert travelled("", "f", 0.4) == [("f", 1.0)]


def test_without_sources_fused_is_opaque_and_without_fused_the_sources_stay() -> None:
    assert mixed("", "f", 0.1) == [("f", 1.0)]
    assert mixed("ab", None, 0.9) == [("a", 1.0), ("b", 0.5)]


def test_an_old_slicer_without_further_layers_is_served(scene, volumes: list, monkeypatch) -> None:
    monkeypatch.setattr("MedFusionLib.scene.blend.has_further_layers", lambda composite: False)
    monkeypatch.setattr("MedFusionLib.scene.composites.has_further_layers", lambda composite: False)
    blend(scene, volumes[:2], volumes[3], 0.75)
    assert centre(scene, volumes[0]) == pytest.approx(2.55 * 60.0, abs=2.0)


def test_removed_volumes_are_left_out_and_an_empty_scene_stays_empty(scene, volumes: list) -> None:
    scene.RemoveNode(volumes[1])
    blend(scene, [*volumes[:3], None], volumes[3], 0.0)
    assert centre(scene, volumes[0]) == pytest.approx(2.55 * 65.0, abs=2.0)
    bare = slicer.vtkMRMLScene()
    blend(bare, volumes[:1], volumes[3], 0.5)
    blend(bare, [], None, 0.5)
    assert bare.GetNumberOfNodes() == 0


def test_fewer_layers_than_before_leave_none_of_the_old_ones(scene, volumes: list) -> None:
    blend(scene, volumes[:3], volumes[3], 1.0)
    blend(scene, volumes[:1], volumes[1], 0.0)
    assert all(composite.GetNumberOfAdditionalLayers() == 0 for composite in composites(scene))
    assert centre(scene, volumes[0]) == pytest.approx(2.55 * 80.0, abs=2.0)


@pytest.mark.parametrize("position", [-0.1, 1.01, float("nan")])
def test_a_position_beside_the_slider_is_refused(scene, volumes: list, position: float) -> None:
    with pytest.raises(BadInput, match="from 0"):
        blend(scene, volumes[:1], volumes[3], position)


def test_what_a_view_showed_comes_back_without_what_was_removed(scene, volumes: list) -> None:
    blend(scene, volumes[:3], volumes[3], 0.3)
    composite = composites(scene, ("Red",))[0]
    before, picture = Shown.of(composite), slice_pixels.pixels(scene, "Red", volumes[0])
    blend(scene, volumes[2:3], volumes[1], 0.9)
    before.restore()
    assert Shown.of(composite) == before
    np.testing.assert_array_equal(slice_pixels.pixels(scene, "Red"), picture)
    scene.RemoveNode(volumes[2])
    before.restore()
    assert Shown.of(composite).volumes == (*before.volumes[:2], before.volumes[3])
