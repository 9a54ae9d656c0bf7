"""The parts of which odd scenes are made: small volumes, transforms, markups and masks, good unless asked otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import slicer
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4

SHAPE = (10, 14, 12)


@dataclass
class Given:
    """What a user gives to the module: nodes and options, in the names of ``MedFusionLogic.fuse``."""

    fixed: object
    moving: list
    options: dict = field(default_factory=dict)


def voxels(seed: int = 0, shape: tuple = SHAPE) -> np.ndarray:
    """A bright ellipsoid in noise."""
    axes = np.meshgrid(*[np.linspace(-1, 1, count) for count in shape], indexing="ij")
    inside = sum((axis / size) ** 2 for axis, size in zip(axes, (0.7, 0.6, 0.8), strict=True)) < 1
    return (400.0 * inside + np.random.default_rng(seed).normal(0, 5, shape)).astype(np.float32)


def image_data(array: np.ndarray, components: int = 1) -> vtkImageData:
    """``array`` (z, y, x, or with components last) as VTK's image."""
    data = vtkImageData()
    data.SetDimensions(*array.shape[2::-1])
    flat = array.reshape(-1, components) if components > 1 else array.ravel()
    data.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True))
    return data


def volume(scene: object, name: str = "CT", array: np.ndarray | None = None, kind: str = "vtkMRMLScalarVolumeNode",
           spacing: tuple = (2.0, 2.0, 3.0), components: int = 1, data: object = None) -> object:
    """A volume node about the origin; ``data`` (a vtkImageData) in place of ``array``."""
    node = scene.AddNewNodeByClass(kind)
    node.SetName(name)
    node.SetAndObserveImageData(data or image_data(voxels() if array is None else array, components))
    node.SetSpacing(*spacing)
    size = node.GetImageData().GetDimensions()
    node.SetOrigin(*[-0.5 * step * count for step, count in zip(spacing, size, strict=True)])
    node.CreateDefaultDisplayNodes()
    return node


def pair(scene: object) -> tuple:
    """A good CT and a good MR."""
    return volume(scene, "CT"), volume(scene, "T1 MR", voxels(1))


def matrix(rows: object) -> vtkMatrix4x4:
    """A vtkMatrix4x4 of 4 x 4 numbers."""
    result = vtkMatrix4x4()
    result.DeepCopy(np.asarray(rows, float).ravel().tolist())
    return result


def linear(scene: object, name: str = "shift", rows: object = None) -> object:
    """A linear transform node, by default a shift of 3 mm."""
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetName(name)
    shift = np.eye(4)
    shift[0, 3] = 3.0
    node.SetMatrixTransformToParent(matrix(shift if rows is None else rows))
    return node


def warp(scene: object, name: str = "warp") -> object:
    """A thin-plate spline that moves one point of five by 4 mm."""
    from vtkmodules.vtkCommonTransforms import vtkThinPlateSplineTransform

    spline = vtkThinPlateSplineTransform()
    corners = [(-20, -20, -20), (20, -20, 20), (-20, 20, 20), (20, 20, -20), (0, 0, 0)]
    here, there = vtkPoints(), vtkPoints()
    for corner in corners:
        here.InsertNextPoint(corner)
        there.InsertNextPoint(*(value + 4.0 * (corner == (0, 0, 0)) for value in corner))
    spline.SetSourceLandmarks(here)
    spline.SetTargetLandmarks(there)
    spline.SetBasisToR()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    node.SetName(name)
    node.SetAndObserveTransformFromParent(spline)
    return node


def grid_warp(scene: object, name: str = "warp") -> object:
    """A displacement field of a few millimetres that holds the direction a registration gives."""
    field = slicer.vtkOrientedGridTransform()
    arrows = np.zeros((4, 4, 4, 3))
    arrows[1:3, 1:3, 1:3] = (3.0, -2.0, 1.0)
    data = image_data(arrows, 3)
    data.SetSpacing(15, 15, 15)
    data.SetOrigin(-22.5, -22.5, -22.5)
    field.SetDisplacementGridData(data)
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    node.SetName(name)
    node.SetAndObserveTransformFromParent(field)
    return node


def points(scene: object, name: str, places: list) -> object:
    """A list of markups points at ``places`` (RAS, mm)."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    node.SetName(name)
    for place in places:
        node.AddControlPoint(place)
    return node


def label_map(scene: object, name: str = "label", array: np.ndarray | None = None, like: object = None) -> object:
    """A label map on the grid of ``like``, with a box inside unless ``array`` is given."""
    if array is None:
        array = np.zeros(SHAPE, np.uint8)
        array[3:7, 4:10, 4:8] = 1
    node = volume(scene, name, array, "vtkMRMLLabelMapVolumeNode")
    if like is not None:
        node.CopyOrientation(like)
    return node


def segmentation(scene: object, name: str, fixed: object, arrays: list) -> object:
    """A segmentation with one segment for each of ``arrays`` on the grid of ``fixed``."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.SetName(name)
    for number, array in enumerate(arrays):
        part = slicer.vtkOrientedImageData()
        part.DeepCopy(image_data(array))
        placed = vtkMatrix4x4()
        fixed.GetIJKToRASMatrix(placed)
        part.SetGeometryFromImageToWorldMatrix(placed)
        segment = slicer.vtkSegment()
        segment.SetName(f"part {number}")
        segment.AddRepresentation("Binary labelmap", part)
        node.GetSegmentation().AddSegment(segment)
    return node
