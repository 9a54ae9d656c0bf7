"""Look whether two volumes lie on each other: checkerboard, flicker, complementary colours.

What is shown for it is temporary: hidden nodes that no saved scene holds and that go when the look ends, and
slice views that then show what they showed before.
"""

from __future__ import annotations

from collections.abc import Callable
from weakref import ref

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import ijk_to_ras
from MedFusionLib.scene.composites import ADD, Shown, composites, set_layers
from MedFusionLib.scene.matrices import to_vtk
from MedFusionLib.scene.mrml import Node, Scene
from MedFusionLib.scene.nodes import image_data, volume_from_node
from MedFusionLib.scene.temporary import TemporaryNodes
from MedFusionLib.tiles import second_fields
from MedFusionLib.volume import Volume

GREEN, MAGENTA = (0.0, 1.0, 0.0), (1.0, 0.0, 1.0)  # they add up to white
_LEVELS = 256


class AlignmentView:
    """One look at two volumes in all slice views of a scene; ``close()`` ends it.

    It ends by itself when the scene is closed.
    """

    def __init__(self, scene: Scene, fixed: Node, moved: Node, mode: str) -> None:
        """See ``show_checkerboard``."""
        _check(scene, (fixed, moved), mode)
        self.scene, self.fixed, self.moved, self.mode = scene, fixed, moved, mode
        self._before = [Shown.of(composite) for composite in composites(scene)]
        self._first = True
        self._temporary = TemporaryNodes(scene)
        self._observer: int | None = None
        try:
            MODES[mode](self._temporary, fixed, moved)
        except BaseException:
            self.close()
            raise
        # Weak: a scene that is destroyed tells its observers, and must not find this one half gone.
        me = ref(self)
        self._observer = scene.AddObserver(scene.StartCloseEvent, lambda *_: _close(me()))

    def next(self) -> None:
        """Flicker: show the other of the two volumes. Other modes, and a view that was closed, stay as they are."""
        if self.mode != "flicker" or not self.is_open:
            return
        self._first = not self._first
        for composite in composites(self.scene):
            composite.SetForegroundOpacity(0.0 if self._first else 1.0)

    @property
    def is_open(self) -> bool:
        """Whether the look still goes on: it was not closed, and both volumes are still there."""
        return self._observer is not None and all(self.scene.IsNodePresent(node) for node in (self.fixed, self.moved))

    def close(self) -> None:
        """End it: remove what was made for it, and let the slice views show what they showed. Twice is harmless."""
        if self._observer is not None:
            self.scene.RemoveObserver(self._observer)
        self._observer = None
        for shown in self._before:
            shown.restore()
        self._before = []
        self._temporary.remove()


def _close(view: AlignmentView | None) -> None:
    if view is not None:
        view.close()


def show_checkerboard(scene: Scene, fixed: Node, moved: Node, mode: str = "checkerboard") -> AlignmentView:
    """Show two volume nodes for comparison in all slice views, until the returned view is closed.

    ``mode`` is "checkerboard" (cubes of 20 mm from each in turn, as they are displayed now), "flicker" (one at a
    time; a timer calls ``next()``) or "complementary" (fixed in green and moved in magenta: what agrees is grey).
    Only the checkerboard computes voxels. Keep the view, and close it before the next is opened. Raises
    ``BadInput`` for an unknown mode, nodes that are gone or without voxels, and colour pictures where one colour
    is asked for.
    """
    return AlignmentView(scene, fixed, moved, mode)


def _check(scene: Scene, nodes: tuple[Node, Node], mode: str) -> None:
    if mode not in MODES:
        raise BadInput(f"'{mode}' is no way to look at an alignment", f"Use one of {', '.join(MODES)}")
    for node in nodes:
        if node is None or not scene.IsNodePresent(node):
            raise BadInput("a volume to be compared is no longer in the scene", "Run again or choose another volume")
        if node.GetImageData() is None or not node.GetImageData().GetNumberOfPoints():
            raise BadInput(f"volume '{node.GetName()}' has no voxels", "Load it again or choose another volume")
        if node.GetDisplayNode() is None:
            raise BadInput(f"volume '{node.GetName()}' has no display node", "Show it once in the Volumes module")


def _show_flicker(made: TemporaryNodes, fixed: Node, moved: Node) -> None:
    for composite in composites(made.scene):
        set_layers(composite, [(fixed, 1.0), (moved, 0.0)])


def _show_complementary(made: TemporaryNodes, fixed: Node, moved: Node) -> None:
    first, second = _tinted(made, fixed, GREEN), _tinted(made, moved, MAGENTA)
    for composite in composites(made.scene):
        set_layers(composite, [(first, 1.0), (second, 1.0)], ADD)


def _show_board(made: TemporaryNodes, fixed: Node, moved: Node) -> None:
    from MedFusionLib.resample import resample

    first = _as_seen(made, fixed)
    second, inside = resample(_as_seen(made, moved), first, sitk.Transform(3, sitk.sitkIdentity))
    chosen = second_fields(inside.shape, first.image.GetSpacing()[::-1]) & inside
    voxels = np.where(chosen[..., np.newaxis], second.array, first.array)
    node = _named(made, "vtkMRMLVectorVolumeNode", "MedFusion checkerboard")
    node.SetIJKToRASMatrix(to_vtk(ijk_to_ras(first.image)))
    node.SetAndObserveImageData(image_data(voxels, first.image.GetSize()))
    _add_display(made, node, "vtkMRMLVectorVolumeDisplayNode", 0.0, 255.0)
    for composite in composites(made.scene):
        set_layers(composite, [(node, 1.0)])


MODES: dict[str, Callable[[TemporaryNodes, Node, Node], None]] = {
    "checkerboard": _show_board,
    "flicker": _show_flicker,
    "complementary": _show_complementary,
}


def _tinted(made: TemporaryNodes, volume: Node, colour: tuple[float, float, float]) -> Node:
    """A temporary node with the very voxels of ``volume`` and its window, from black to ``colour``."""
    if volume.GetImageData().GetNumberOfScalarComponents() != 1:
        raise BadInput(f"volume '{volume.GetName()}' is a colour picture and cannot be shown in one colour",
                       "Use the checkerboard or flicker")
    node = _named(made, "vtkMRMLScalarVolumeNode", f"MedFusion {volume.GetName()}")
    node.CopyOrientation(volume)
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    node.SetAndObserveImageData(volume.GetImageData())
    seen = volume.GetDisplayNode()
    window = seen.GetWindowLevelMin(), seen.GetWindowLevelMax()
    display = _add_display(made, node, "vtkMRMLScalarVolumeDisplayNode", *window)
    display.SetAndObserveColorNodeID(_ramp(made, colour).GetID())
    return node


def _ramp(made: TemporaryNodes, colour: tuple[float, float, float]) -> Node:
    table = _named(made, "vtkMRMLColorTableNode", "MedFusion ramp")
    table.SetTypeToUser()
    table.SetNumberOfColors(_LEVELS)
    for level in range(_LEVELS):
        share = level / (_LEVELS - 1)
        table.SetColor(level, f"{level}", *(share * part for part in colour), 1.0)
    return table


def _named(made: TemporaryNodes, kind: str, name: str) -> Node:
    node = made.empty(kind)
    node.SetName(made.scene.GenerateUniqueName(name))
    return node


def _add_display(made: TemporaryNodes, node: Node, kind: str, lower: float, upper: float) -> Node:
    display = _named(made, kind, f"{node.GetName()} display")
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(lower, upper)
    node.SetAndObserveDisplayNodeID(display.GetID())
    return display


def _as_seen(made: TemporaryNodes, node: Node) -> Volume:
    """The volume of ``node`` in the world as 8-bit RGB, through the window and colours of its display node."""
    connection = node.GetDisplayNode().GetOutputImageDataConnection()
    connection.GetProducer().Update()
    seen = _named(made, "vtkMRMLVectorVolumeNode", node.GetName() or "volume")
    seen.CopyOrientation(node)
    seen.SetAndObserveTransformNodeID(node.GetTransformNodeID())
    seen.SetAndObserveImageData(connection.GetProducer().GetOutputDataObject(connection.GetIndex()))
    return volume_from_node(seen, "unknown")
