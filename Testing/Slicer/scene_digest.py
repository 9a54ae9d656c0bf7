"""All that a scene holds, in a form that can be compared: who is there, and the content of everyone."""

from __future__ import annotations

import hashlib

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy


def scene_digest(scene: object) -> dict[str, tuple]:
    """For every node its class, name, flags, references and a hash of its content, by ID; and the scene's XML.

    Two digests are equal when nothing that a user could see or save has changed.
    """
    # First, since writing lets some nodes bring their references up to date.
    text = _xml(scene)
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    found: dict[str, tuple] = {node.GetID(): _node(node) for node in nodes}
    found["order"] = tuple(found)
    found["xml"] = tuple(text.splitlines())
    return found


def changes(before: dict[str, tuple], after: dict[str, tuple]) -> list[str]:
    """What differs, for the message of a failed test."""
    lines = [f"gone: {name}" for name in before if name not in after]
    lines += [f"new: {name} {after[name][:2]}" for name in after if name not in before]
    lines += [f"changed: {name}" for name in before if name in after and before[name] != after[name]]
    return lines


def _node(node: object) -> tuple:
    references = []
    for index in range(node.GetNumberOfNodeReferenceRoles()):
        role = node.GetNthNodeReferenceRole(index)
        references += [(role, node.GetNthNodeReferenceID(role, number))
                       for number in range(node.GetNumberOfNodeReferences(role))]
    attributes = {name: node.GetAttribute(name) for name in sorted(node.GetAttributeNames())}
    return (node.GetClassName(), node.GetName(), node.GetDescription(), node.GetHideFromEditors(),
            node.GetSaveWithScene(), node.GetSelectable(), tuple(references), tuple(attributes.items()), _content(node))


def _content(node: object) -> str:
    for kind, content in _CONTENTS.items():
        if node.IsA(kind):
            parts = content(node)
            return hashlib.sha256(b"|".join(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray)
                                            else repr(part).encode() for part in parts)).hexdigest()
    return ""


def _volume(node: object) -> list:
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    matrix = vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return [node.GetSpacing(), node.GetOrigin(), [matrix.GetElement(*place) for place in np.ndindex(4, 4)],
            *_image(node.GetImageData())]


def _image(data: object) -> list:
    if data is None:
        return [None]
    arrays = data.GetPointData()
    return [data.GetExtent(), data.GetSpacing(), data.GetOrigin(),
            *[vtk_to_numpy(arrays.GetArray(index)) for index in range(arrays.GetNumberOfArrays())]]


def _transform(node: object) -> list:
    points = np.random.default_rng(0).uniform(-100, 100, (20, 3))
    ways = (node.GetTransformToParent(), node.GetTransformFromParent())
    return [way.TransformPoint(point) for way in ways if way is not None for point in points]


def _markups(node: object) -> list:
    return [(node.GetNthControlPointLabel(index), node.GetNthControlPointPosition(index),
             node.GetNthControlPointPositionStatus(index), node.GetNthControlPointSelected(index))
            for index in range(node.GetNumberOfControlPoints())]


def _segmentation(node: object) -> list:
    segmentation = node.GetSegmentation()
    parts: list = []
    for index in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(index)
        parts += [segment.GetName(), *_image(segment.GetRepresentation("Binary labelmap"))]
    return parts


def _table(node: object) -> list:
    table = node.GetTable()
    return [[table.GetValue(row, column).ToString() for column in range(table.GetNumberOfColumns())]
            for row in range(table.GetNumberOfRows())]


_CONTENTS = {
    "vtkMRMLVolumeNode": _volume,
    "vtkMRMLTransformNode": _transform,
    "vtkMRMLMarkupsNode": _markups,
    "vtkMRMLSegmentationNode": _segmentation,
    "vtkMRMLTableNode": _table,
    "vtkMRMLTextNode": lambda node: [node.GetText()],
}


def _xml(scene: object) -> str:
    before = scene.GetSaveToXMLString()
    scene.SetSaveToXMLString(1)
    scene.Commit()
    text = scene.GetSceneXMLString()
    scene.SetSaveToXMLString(before)
    return text
