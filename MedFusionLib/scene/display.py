"""How a volume node looks, and what the slice views show."""

from __future__ import annotations

import numpy as np

from MedFusionLib.scene.composites import set_layers
from MedFusionLib.scene.matrices import from_vtk
from MedFusionLib.scene.mrml import Node, Scene, mrml

SLICE_VIEWS = ("Red", "Green", "Yellow")
FUSED_VIEW = "MedFusionFused"  # the pane of the fused volume where sources and fused stand side by side
FOUR_UP = 3  # vtkMRMLLayoutNode.SlicerLayoutFourUpView
_MARGIN = 1.05


def set_display(node: Node, lower: float, upper: float, colour_node_id: str) -> None:
    """Show the volume ``node`` with the window ``lower`` to ``upper`` (in its unit) and a colour node."""
    display = node.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(lower, upper)
    display.SetInterpolate(True)
    display.SetAndObserveColorNodeID(colour_node_id)


def add_slice_views(scene: Scene) -> None:
    """Make the nodes of Slicer's own slice views in a ``scene`` that no Slicer has filled, so that
    what they show can be written with it.
    """
    kinds = mrml()
    kinds.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    layout = kinds.vtkMRMLLayoutLogic()
    layout.SetMRMLScene(scene)
    layout.GetLayoutNode().SetViewArrangement(FOUR_UP)
    for name in SLICE_VIEWS:
        composite = kinds.vtkMRMLSliceCompositeNode()
        composite.SetName(name)
        composite.SetLayoutName(name)
        composite.SetSingletonTag(name)
        scene.AddNode(composite)


def show(scene: Scene, background: Node, foreground: Node) -> None:
    """Let the slice views show ``foreground`` over ``background``, all of it and in the middle.

    The foreground is opaque: its slider fades it, to compare it with the background. A scene without
    slice views stays as it is.
    """
    for name in SLICE_VIEWS:
        composite = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
        view = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if composite is None or view is None:
            continue
        set_layers(composite, [(background, 1.0), (foreground, 1.0)])
        fit(view, background)
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    if selection is not None:
        selection.SetActiveVolumeID(background.GetID())
        selection.SetSecondaryVolumeID(foreground.GetID())


def fit(view: Node, volume: Node) -> None:
    """Centre the slice ``view`` on the ``volume`` node and show all of it."""
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    low, high = np.array(bounds[::2]), np.array(bounds[1::2])
    view.JumpSliceByCentering(*((low + high) / 2).tolist())
    axes = np.abs(from_vtk(lambda matrix: matrix.DeepCopy(view.GetSliceToRAS()))[:3, :2])
    width, height = view.GetDimensions()[:2]
    pixel = _MARGIN * float(np.max((axes.T @ (high - low)) / (width, height)))
    view.SetFieldOfView(pixel * width, pixel * height, view.GetFieldOfView()[2])
