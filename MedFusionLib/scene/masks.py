"""Segmentations and label maps as a mask on a volume's grid."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import Matrix, from_ijk_to_ras
from MedFusionLib.resample import resample
from MedFusionLib.scene.matrices import from_vtk
from MedFusionLib.scene.mrml import Node, mrml
from MedFusionLib.scene.nodes import parent_to_world, volume_from_node
from MedFusionLib.volume import Volume


def mask_from_node(node: Node, fixed: Volume) -> Volume:
    """The mask of a vtkMRMLSegmentationNode (all its segments) or a volume node (what is not 0), 1 inside and 0
    outside, on the grid of ``fixed``; nearest neighbour, transforms above the node count, the node is not changed.

    Raises ``BadInput`` for other nodes, an empty mask, and one that lies outside ``fixed``.
    """
    name = node.GetName() or "mask"
    if node.IsA("vtkMRMLSegmentationNode"):
        image = _segments(node, name)
    elif node.IsA("vtkMRMLVolumeNode"):
        image = volume_from_node(node, "unknown").image
    else:
        raise BadInput(f"the mask '{name}' is a {node.GetClassName()}", "Choose a segmentation or a label map")
    inside = sitk.Cast(image != 0, sitk.sitkUInt8)
    moved, _ = resample(Volume(inside, name=name), fixed, sitk.AffineTransform(3), labels=True)
    if not moved.array.any():
        raise BadInput(f"the mask '{name}' is empty on {fixed.name}", "Draw the region there, or leave the mask out")
    return moved


def _segments(node: Node, name: str) -> sitk.Image:
    """All segments in one label map, where it lies in the world."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    segmentation = node.GetSegmentation()
    binary = mrml().vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    if not segmentation.GetNumberOfSegments() or not segmentation.ContainsRepresentation(binary):
        raise BadInput(f"the segmentation '{name}' holds no voxels", "Draw a segment, or make its binary label map")
    merged = mrml().vtkOrientedImageData()
    node.GenerateMergedLabelmapForAllSegments(merged, mrml().vtkSegmentation.EXTENT_UNION_OF_SEGMENTS)
    scalars = merged.GetPointData().GetScalars()
    if scalars is None or not scalars.GetNumberOfTuples():
        raise BadInput(f"the segmentation '{name}' is empty", "Draw a segment, or leave the mask out")
    image = sitk.GetImageFromArray(vtk_to_numpy(scalars).reshape(merged.GetDimensions()[::-1]))
    place: Matrix = from_vtk(merged.GetImageToWorldMatrix)
    place[:3, 3] += place[:3, :3] @ np.asarray(merged.GetExtent()[::2], float)
    parent = parent_to_world(node, name)
    from_ijk_to_ras(place if parent is None else parent @ place, name).apply(image)
    return image
