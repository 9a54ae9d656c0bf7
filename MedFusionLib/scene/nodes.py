"""Volume nodes of MRML to volumes and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedFusionLib.door import numbers
from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import Matrix, from_ijk_to_ras, ijk_to_ras
from MedFusionLib.modality import MODALITIES, modality
from MedFusionLib.naming import modality_of
from MedFusionLib.scene.matrices import from_vtk, to_vtk, to_world
from MedFusionLib.scene.mrml import Node, Scene, mrml
from MedFusionLib.scene.rounding import without_rounding
from MedFusionLib.scene.shear import is_sheared, straightened
from MedFusionLib.scene.vocabulary import MODALITY, OF_UNIT, UNITS, Code
from MedFusionLib.volume import Array, Volume

_COMPONENTS = {1: False, 3: True, 4: True}  # scalar, RGB and RGBA


def volume_from_node(node: Node, modality_name: str = "") -> Volume:
    """The volume of a vtkMRMLVolumeNode, as it lies in the world; the node is not changed.

    Linear transforms above the node are multiplied into the geometry; a grid that becomes sheared by
    them is resampled to a rectangular one. The modality is ``modality_name``, else what the node, its
    DICOM series, its unit or its name says. Raises ``BadInput`` for a node without voxels, for anything
    but scalars and 8-bit colour, and below a non-linear transform.
    """
    name = node.GetName() or "volume"
    image = sitk.GetImageFromArray(*_voxels(node, name))
    unit = _unit(node)
    known = modality(modality_name).name if modality_name else modality_of_node(node)
    parent = parent_to_world(node, name)
    if 0.0 in node.GetSpacing():
        raise BadInput(f"volume '{name}' has the spacing {numbers(node.GetSpacing())} mm",
                       "Correct it in Slicer's Volumes module, or load the volume again")
    matrix = _node_ijk_to_ras(node) if parent is None else parent @ _node_ijk_to_ras(node)
    if is_sheared(matrix):
        image = straightened(image, matrix, modality(known).background)
    else:
        grid = from_ijk_to_ras(matrix, name)
        (without_rounding(grid) if parent is None else grid).apply(image)
    frame = _dicom(node, "FrameOfReferenceUID") if parent is None else ""
    return Volume(image, known, name, unit or modality(known).unit, frame)


def node_from_volume(scene: Scene, volume: Volume, name: str = "") -> Node:
    """A new node with ``volume``'s voxels and geometry, in ``scene``: a vtkMRMLScalarVolumeNode, or a
    vtkMRMLVectorVolumeNode for colour. A picture becomes a volume of one slice.

    ``name`` is the volume's own when left out, made unique in the scene. The node has display and
    storage nodes; see ``MedFusionLib.scene.display`` for window and colours.
    """
    image = volume.image if volume.dimension == 3 else sitk.JoinSeries([volume.image])
    kind = "vtkMRMLVectorVolumeNode" if volume.is_colour else "vtkMRMLScalarVolumeNode"
    node = scene.AddNewNodeByClass(kind, scene.GenerateUniqueName(name or volume.name))
    node.SetAndObserveImageData(image_data(sitk.GetArrayViewFromImage(image), image.GetSize()))
    node.SetIJKToRASMatrix(to_vtk(ijk_to_ras(image)))
    if volume.is_colour:
        node.SetVoxelVectorType(node.VoxelVectorTypeColorRGB)
    node.SetAttribute(MODALITY, volume.modality)
    if volume.unit in UNITS:
        quantity, unit = UNITS[volume.unit]
        node.SetVoxelValueQuantity(_coded(quantity))
        node.SetVoxelValueUnits(_coded(unit))
    node.CreateDefaultDisplayNodes()
    node.AddDefaultStorageNode()
    storage = node.GetStorageNode()
    # Slicer 5.13 would turn the axes of a left-handed grid when it reads the file again.
    if hasattr(storage, "SetForceRightHandedIJKCoordinateSystem"):
        storage.SetForceRightHandedIJKCoordinateSystem(False)
    return node


def _voxels(node: Node, name: str) -> tuple[Array, bool]:
    """The node's voxels as (z, y, x) or (z, y, x, 3), and whether they are colours."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    data = node.GetImageData()
    scalars = data.GetPointData().GetScalars() if data is not None else None
    if scalars is None or scalars.GetNumberOfTuples() == 0:
        raise BadInput(f"volume '{name}' has no voxels", "Load it again or choose another volume")
    components = scalars.GetNumberOfComponents()
    array = vtk_to_numpy(scalars)
    if components not in _COMPONENTS or (components > 1 and array.dtype != np.uint8):
        raise BadInput(f"volume '{name}' has {components} components of type {array.dtype} in each voxel",
                       "Choose a scalar or an 8-bit RGB volume; take one frame of a sequence")
    shape = data.GetDimensions()[::-1]
    if components == 1:
        return array.reshape(shape), False
    return np.ascontiguousarray(array.reshape(*shape, components)[..., :3]), True


def _node_ijk_to_ras(node: Node) -> Matrix:
    """IJK-to-RAS of the node's first voxel on; VTK's extent need not begin at zero."""
    result = from_vtk(node.GetIJKToRASMatrix)
    result[:3, 3] += result[:3, :3] @ np.asarray(node.GetImageData().GetExtent()[::2], float)
    return result


def parent_to_world(node: Node, name: str) -> Matrix | None:
    """The matrix of the transforms above the node, None where there are none; raises ``BadInput`` when not linear."""
    parent = node.GetParentTransformNode()
    if parent is None:
        return None
    loop = loop_above(node)
    if loop is not None:
        raise BadInput(f"'{name}' stands below transforms that form a loop through '{loop.GetName()}'",
                       "Take one of the transforms out of the loop, in Slicer's Transforms module")
    if not parent.IsTransformToWorldLinear():
        raise BadInput(f"volume '{name}' stands below the non-linear transform '{parent.GetName()}'",
                       "Harden the transform on a copy of the volume, or take the volume out of it")
    return to_world(parent)


def loop_above(node: Node) -> Node | None:
    """The transform through which the transforms above ``node`` form a loop, which MRML would follow for ever; None
    where they form none.
    """
    seen: list[Node] = []
    parent = node.GetParentTransformNode()
    while parent is not None:
        if any(parent is other for other in seen):
            return parent
        seen.append(parent)
        parent = parent.GetParentTransformNode()
    return None


def modality_of_node(node: Node) -> str:
    """The modality that attribute, DICOM, unit or name of a volume node tell, in this order; "unknown" otherwise."""
    unit = _unit(node)
    told = (node.GetAttribute(MODALITY), _dicom(node, "Modality"))
    for entry in MODALITIES.values():
        if any(text and (text == entry.name or text in entry.dicom) for text in told):
            return entry.name
    if unit:
        return OF_UNIT[unit]
    return modality_of(Path("/", (node.GetName() or "volume").replace("/", " ")))


def _dicom(node: Node, tag: str) -> str:
    """A DICOM attribute of the node's series in the subject hierarchy, or ""."""
    scene = node.GetScene()
    # GetSubjectHierarchyNode would make one where there is none; looking must not change a scene.
    tree = scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode") if scene is not None else None
    if tree is None:
        return ""
    item = tree.GetItemByDataNode(node)
    return (tree.GetItemAttribute(item, f"DICOM.{tag}") or "") if item else ""


def _unit(node: Node) -> str:
    """The unit that the node's coded entry says: "HU", "SUV" or ""."""
    coded = node.GetVoxelValueUnits()
    value = coded.GetCodeValue() if coded is not None else ""
    return next((unit for unit, (_, code) in UNITS.items() if code.value == value), "")


def _coded(code: Code) -> Any:
    entry = mrml().vtkCodedEntry()
    entry.SetValueSchemeMeaning(code.value, code.scheme, code.meaning)
    return entry


def image_data(array: Array, size: tuple[int, int, int]) -> Any:
    """A vtkImageData with a copy of the voxels, (z, y, x) or (z, y, x, 3), of ``size`` (x, y, z); its own geometry
    stays trivial, as MRML wants it.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    data = vtkImageData()
    data.SetDimensions(*size)
    flat = array.reshape(-1, 3) if array.ndim == 4 else array.ravel()
    scalars = numpy_to_vtk(flat, deep=True)
    scalars.SetName("ImageScalars")
    data.GetPointData().SetScalars(scalars)
    return data
