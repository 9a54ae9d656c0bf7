"""Bad and odd scenes: each a way to build it, what must be said of it, or that it is legal.

The same cases go through the logic (Testing/Python/scene/test_odd_scenes.py) and through the panel
(Testing/Slicer/odd_scenes.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import slicer
from odd_scene_parts import (
    SHAPE,
    Given,
    grid_warp,
    label_map,
    linear,
    matrix,
    pair,
    points,
    segmentation,
    volume,
    voxels,
    warp,
)
from vtkmodules.vtkCommonDataModel import vtkImageData

CORNERS = [(-8, -8, -9), (8, -8, 9), (-8, 8, 9), (8, 8, -9), (0, 0, 0)]


@dataclass(frozen=True)
class Case:
    """``build`` fills a scene; ``says`` are pieces of the message, none for a legal oddity.

    ``late`` marks what only the run itself can find. ``offered`` is False where the panel's selectors do not offer
    the node, so that nobody can choose it there.
    """

    name: str
    build: Callable[[object], Given]
    says: tuple[str, ...] = ()
    late: bool = False
    offered: bool = True


def _fixed_is(**changes: object) -> Callable[[object], Given]:
    """A pair whose fixed volume is called "odd" and is made with ``changes``."""

    def build(scene: object) -> Given:
        return Given(volume(scene, "odd", **changes), [volume(scene, "T1 MR", voxels(1))])

    return build


def _named(fixed: str, moving: str) -> Callable[[object], Given]:
    def build(scene: object) -> Given:
        return Given(volume(scene, fixed), [volume(scene, moving, voxels(1))])

    return build


def _with(option: str, make: Callable[..., object], **more: object) -> Callable[[object], Given]:
    """A good pair and one option, made by ``make(scene, fixed)``."""

    def build(scene: object) -> Given:
        fixed, moving = pair(scene)
        return Given(fixed, [moving], {option: make(scene, fixed), **more})

    return build


def _below(make: Callable[[object], object], index: int = 1) -> Callable[[object], Given]:
    """A pair of which volume ``index`` stands below the transform that ``make`` adds."""

    def build(scene: object) -> Given:
        both = pair(scene)
        both[index].SetAndObserveTransformNodeID(make(scene).GetID())
        return Given(both[0], [both[1]])

    return build


def _changed(change: Callable[[object, object], object]) -> Callable[[object], Given]:
    """A pair after ``change(scene, fixed)``."""

    def build(scene: object) -> Given:
        fixed, moving = pair(scene)
        change(scene, fixed)
        return Given(fixed, [moving])

    return build


def _spoilt(value: float) -> np.ndarray:
    array = voxels()
    array[2, 3, 4] = value
    return array


def _one(scene: object) -> Given:
    return Given(volume(scene, "CT"), [])


def _twice(scene: object) -> Given:
    fixed = volume(scene, "CT")
    return Given(fixed, [fixed])


def _moving(make: Callable[[object], object]) -> Callable[[object], Given]:
    def build(scene: object) -> Given:
        return Given(volume(scene, "CT"), [make(scene)])

    return build


def _sequence(scene: object) -> object:
    node = scene.AddNewNodeByClass("vtkMRMLSequenceNode")
    node.SetName("4-D")
    frame = volume(scene, "frame", voxels(1))
    for time in range(3):
        node.SetDataNodeAtValue(frame, f"{time}")
    scene.RemoveNode(frame)
    return node


def _frame(scene: object) -> Given:
    """The frame of a sequence that its browser shows now."""
    browser = scene.AddNode(slicer.vtkMRMLSequenceBrowserNode())
    sequence = _sequence(scene)
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    proxy = volume(scene, "4-D frame", voxels(1))
    browser.AddProxyNode(proxy, sequence, False)
    return Given(volume(scene, "CT"), [proxy])


def _removed(scene: object) -> Given:
    fixed, moving = pair(scene)
    scene.RemoveNode(moving)
    return Given(fixed, [moving])


def _elsewhere(scene: object) -> Given:
    other = slicer.vtkMRMLScene()
    return Given(volume(scene, "CT"), [volume(other, "stranger", voxels(1))])


def _empty_image(scene: object) -> object:
    data = vtkImageData()
    data.SetDimensions(0, 0, 0)
    return volume(scene, "odd", data=data)


def _without_image_of(scene: object, kind: str) -> object:
    node = scene.AddNewNodeByClass(kind)
    node.SetName("odd")
    return node


def _crooked(rows: object) -> Callable[[object], Given]:
    return _changed(lambda scene, fixed: (fixed.SetName("odd"), fixed.SetIJKToRASMatrix(matrix(rows))))


def _loop(scene: object) -> Given:
    fixed, moving = pair(scene)
    first, second = linear(scene, "one"), linear(scene, "other")
    first.SetAndObserveTransformNodeID(second.GetID())
    moving.SetAndObserveTransformNodeID(first.GetID())
    # MRML's own setter refuses; a scene file that was edited by hand can hold it.
    second.SetNodeReferenceID("transform", first.GetID())
    return Given(fixed, [moving])


def _chain(scene: object) -> object:
    upper, lower = linear(scene, "upper"), linear(scene, "lower")
    lower.SetAndObserveTransformNodeID(upper.GetID())
    return lower


def _inverted(transform: object) -> object:
    transform.Inverse()
    return transform


def _initial_above(index: int) -> Callable[[object], Given]:
    def build(scene: object) -> Given:
        both, transform = pair(scene), linear(scene, "start")
        both[index].SetAndObserveTransformNodeID(transform.GetID())
        return Given(both[0], [both[1]], {"initialTransform": transform})

    return build


def _landmarks(fixed: list, moving: list) -> Callable[[object], Given]:
    def build(scene: object) -> Given:
        volumes = pair(scene)
        lists = (points(scene, "F", fixed), points(scene, "M", moving))
        return Given(volumes[0], [volumes[1]], {"landmarks": lists, "registration": "landmarks"})

    return build


def _unplaced(scene: object) -> Given:
    given = _landmarks(CORNERS, CORNERS)(scene)
    given.options["landmarks"][1].UnsetNthControlPointPosition(2)
    return given


def _lookalike(scene: object) -> Given:
    return Given(volume(scene, "CT"), [volume(scene, "CT", voxels(1))])


def _without_display(scene: object, fixed: object) -> None:
    scene.RemoveNode(fixed.GetDisplayNode())


def _label(scene: object, fixed: object, **changes: object) -> object:
    return label_map(scene, "odd", like=fixed, **changes)


def _coarse_label(scene: object, fixed: object) -> object:
    array = np.zeros((4, 5, 5), np.uint8)
    array[1:3, 1:4, 1:4] = 1
    return volume(scene, "odd", array, "vtkMRMLLabelMapVolumeNode", (6.0, 6.0, 8.0))


def _far_label(scene: object, fixed: object) -> object:
    node = _label(scene, fixed)
    node.SetOrigin(5000, 0, 0)
    return node


def _segments(*arrays: np.ndarray) -> Callable[[object, object], object]:
    return lambda scene, fixed: segmentation(scene, "odd", fixed, list(arrays))


def _extent(scene: object, fixed: object) -> None:
    fixed.GetImageData().SetExtent(5, 5 + SHAPE[2] - 1, -3, -3 + SHAPE[1] - 1, 2, 2 + SHAPE[0] - 1)


def _far(scene: object) -> Given:
    fixed, moving = pair(scene)
    moving.SetName("far away")
    moving.SetOrigin(4000, 0, 0)
    return Given(fixed, [moving])


ZEROS, BOX = np.zeros(SHAPE, np.uint8), np.pad(np.ones((4, 6, 4), np.uint8), ((3, 3), (4, 4), (4, 4)))
FLOATS = np.float32
SHEAR = [[2, 0.8, 0, -10], [0, 2, 0, -10], [0, 0, 3, -10], [0, 0, 0, 1]]

REFUSED = (
    Case("no volumes", lambda scene: Given(None, []), ("volume", "Choose")),
    Case("one volume", _one, ("volume",)),
    Case("the same volume twice", _twice, ("'CT'", "twice", "different")),
    Case("a label map as an image", _moving(label_map), ("'label'", "label map"), offered=False),
    Case("a sequence of volumes", _moving(_sequence), ("'4-D'", "not a volume"), offered=False),
    Case("a transform as an image", _moving(linear), ("'shift'", "not a volume"), offered=False),
    Case("a vector volume", _fixed_is(kind="vtkMRMLVectorVolumeNode", components=3,
                                      array=np.stack([voxels()] * 3, -1)), ("'odd'", "3 components")),
    Case("diffusion-weighted", _moving(lambda scene: volume(
        scene, "odd", np.stack([voxels()] * 7, -1), "vtkMRMLDiffusionWeightedVolumeNode", components=7)),
        ("'odd'", "7 components"), offered=False),
    Case("diffusion tensors", _moving(lambda scene: _without_image_of(scene, "vtkMRMLDiffusionTensorVolumeNode")),
         ("'odd'", "no voxels"), offered=False),
    Case("complex voxels", _fixed_is(array=np.stack([voxels()] * 2, -1), components=2), ("'odd'", "2 components")),
    Case("no image data", _moving(lambda scene: _without_image_of(scene, "vtkMRMLScalarVolumeNode")),
         ("'odd'", "no voxels", "Load")),
    Case("an image of size zero", _moving(_empty_image), ("'odd'", "no voxels")),
    Case("a singular matrix", _crooked([[2, 2, 0, 0], [0, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]]), ("odd", "singular")),
    Case("a matrix with NaN", _crooked(np.full((4, 4), np.nan)), ("odd",)),
    Case("spacing zero", _changed(lambda scene, fixed: (fixed.SetName("odd"), fixed.SetSpacing(0, 1, 1))),
         ("odd", "spacing", "0 x 1 x 1")),
    Case("spacing of a metre", _fixed_is(spacing=(1000.0, 1000.0, 1000.0)), ("odd", "spacing", "1000")),
    Case("spacing in metres", _fixed_is(spacing=(2e-5, 2e-5, 3e-5)), ("odd", "spacing")),
    Case("a single slice", _fixed_is(array=voxels(shape=(1, 14, 12))), ("odd", "single slice")),
    Case("NaN voxels", _fixed_is(array=_spoilt(np.nan)), ("odd", "1 voxels", "NaN")),
    Case("infinite voxels", _fixed_is(array=_spoilt(np.inf)), ("odd", "infinite")),
    Case("a constant volume", _fixed_is(array=np.full(SHAPE, 7, FLOATS)), ("odd", "constant", "7")),
    Case("the moving volume below a warp", _below(warp), ("'T1 MR'", "'warp'", "Harden")),
    Case("the fixed volume below a warp", _below(warp, 0), ("'CT'", "'warp'", "Harden")),
    Case("a singular parent transform", _below(lambda scene: linear(scene, "flat", np.diag([1, 1, 0, 1]))),
         ("T1 MR", "singular")),
    Case("a transform loop", _loop, ("'T1 MR'", "loop")),
    Case("a volume that was removed", _removed, ("'T1 MR'", "not in the scene"), offered=False),
    Case("a volume of another scene", _elsewhere, ("'stranger'", "not in the scene"), offered=False),
    Case("an empty mask", _with("mask", lambda scene, fixed: _label(scene, fixed, array=ZEROS)), ("'odd'", "empty")),
    Case("a mask without image", _with("mask", lambda scene, fixed: _without_image_of(
        scene, "vtkMRMLLabelMapVolumeNode")), ("'odd'", "no voxels")),
    Case("a mask outside the volume", _with("mask", _far_label), ("'odd'", "empty on")),
    Case("a mask that is a transform", _with("mask", lambda scene, fixed: linear(scene, "odd")), ("'odd'",),
         offered=False),
    Case("a segmentation without segments", _with("mask", _segments()), ("'odd'", "Draw")),
    Case("a segmentation of an empty segment", _with("mask", _segments(ZEROS)), ("'odd'", "empty")),
    Case("markups of different counts", _landmarks(CORNERS, CORNERS[:4]), ("'F'", "5", "'M'", "4")),
    Case("markups without points", _landmarks([], []), ("'F'", "0 points")),
    Case("one pair of points", _landmarks(CORNERS[:1], CORNERS[:1]), ("'F'", "'M'", "1 point pairs", "at least 3")),
    Case("points on one line", _landmarks([(i, 0, 0) for i in range(4)], [(i, 0, 0) for i in range(4)]),
         ("'F'", "line")),
    Case("points all in one place", _landmarks([(1, 2, 3)] * 4, [(1, 2, 3)] * 4), ("'F'", "same place")),
    Case("a point that was never placed", _unplaced, ("'M'", "4")),
    Case("landmarks without markups", _with("landmarks", lambda scene, fixed: (fixed, fixed)), ("'CT'", "markups"),
         offered=False),
    Case("an initial transform below another", _with("initialTransform", lambda scene, fixed: _chain(scene)),
         ("'lower'", "'upper'", "Harden")),
    Case("an inverse of a warp to start from", _with(
        "initialTransform", lambda scene, fixed: _inverted(grid_warp(scene))), ("'warp'", "inverse", "grid")),
    Case("a thin-plate spline to start from", _with("initialTransform", lambda scene, fixed: warp(scene)),
         ("'warp'", "thin-plate", "grid")),
    Case("a singular transform to start from", _with(
        "initialTransform", lambda scene, fixed: linear(scene, "flat", np.diag([1, 1, 0, 1]))), ("'flat'", "singular")),
    Case("the moving volume below its initial transform", _initial_above(1), ("'T1 MR'", "'start'")),
    Case("a volume as initial transform", _with("initialTransform", lambda scene, fixed: fixed), ("'CT'", "transform"),
         offered=False),
    Case("volumes without overlap", _far, ("far away",), late=True),
)


LEGAL = (
    Case("names with slashes and emoji", _named("CT/2024\\a: \U0001f9e0", 'MR "T1" <b>&\n*?')),
    Case("empty names", _named("", "")),
    Case("names that are options or folders", _named("--output", "../..")),
    Case("a name of 300 characters", _named("x" * 300, "x" * 299 + "y")),
    Case("two volumes of one name", _lookalike),
    Case("a frame of a sequence", _frame),
    Case("a colour volume", _moving(lambda scene: volume(
        scene, "odd", np.stack([voxels().clip(0, 255).astype(np.uint8)] * 3, -1), "vtkMRMLVectorVolumeNode",
        components=3))),
    Case("left-handed", _crooked([[2, 0, 0, -10], [0, -2, 0, 10], [0, 0, 3, -10], [0, 0, 0, 1]])),
    Case("sheared axes", _crooked(SHEAR)),
    Case("below a linear transform", _below(_chain)),
    Case("an extent that does not start at 0", _changed(_extent)),
    Case("no display node", _changed(_without_display)),
    Case("hidden from editors", _changed(lambda scene, fixed: fixed.SetHideFromEditors(True)), offered=False),
    Case("64-bit whole numbers", _fixed_is(array=voxels().astype(np.int64))),
    Case("bytes", _fixed_is(array=voxels().clip(0, 255).astype(np.uint8))),
    Case("a mask on another grid", _with("mask", _coarse_label)),
    Case("a segmentation as mask", _with("mask", _segments(BOX))),
    Case("the fixed volume below the initial transform", _initial_above(0)),
    Case("a displacement field to start from", _with("initialTransform", lambda scene, fixed: grid_warp(scene))),
)

ALL = (*REFUSED, *LEGAL)
