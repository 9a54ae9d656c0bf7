"""A small scene with slice views, and what Slicer's own slice pipeline makes of them, pixel by pixel."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
import slicer
from vtkmodules.util.numpy_support import vtk_to_numpy

from MedFusionLib.scene import node_from_volume
from MedFusionLib.scene.display import add_slice_views, fit, set_display
from MedFusionLib.volume import Volume

SIZE = (30, 28, 26)  # x, y, z; every millimetre


def volume(name: str, array: np.ndarray, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Volume:
    """``array`` (z, y, x) as a volume about the origin."""
    image = sitk.GetImageFromArray(array.astype(np.float32))
    image.SetSpacing(spacing)
    image.SetOrigin([-0.5 * step * (n - 1) for step, n in zip(spacing, array.shape[::-1], strict=True)])
    return Volume(image, "unknown", name)


def new_scene(colours: object) -> object:
    """A scene with Slicer's colours (``colours`` is a vtkMRMLColorLogic) and its three slice views."""
    scene = slicer.vtkMRMLScene()
    colours.SetMRMLScene(scene)
    add_slice_views(scene)
    return scene


def add(scene: object, name: str, array: np.ndarray) -> object:
    """``array`` as a volume node shown from 0 to 100 in grey."""
    node = node_from_volume(scene, volume(name, array))
    set_display(node, 0.0, 100.0, "vtkMRMLColorTableNodeGrey")
    return node


def pixels(scene: object, view: str = "Red", centred: object = None) -> np.ndarray:
    """The RGB pixels, floats, that the slice view ``view`` shows; fitted to the node ``centred`` first."""
    node = scene.GetSingletonNode(view, "vtkMRMLSliceNode")
    node.SetDimensions(60, 60, 1)
    if centred is not None:
        fit(node, centred)
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceNode(node)
    logic.UpdatePipeline()
    connection = logic.GetImageDataConnection()
    connection.GetProducer().Update()
    data = connection.GetProducer().GetOutputDataObject(connection.GetIndex())
    width, height, _ = data.GetDimensions()
    return vtk_to_numpy(data.GetPointData().GetScalars()).reshape(height, width, -1)[..., :3].astype(float)
