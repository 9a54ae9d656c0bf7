"""What is not a picture: metrics as a table node, the record as a text node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from MedFusionLib.scene.mrml import Node, Scene

_NUMBERS = (int, float)


def table_node(scene: Scene, rows: Sequence[Mapping[str, Any]], name: str) -> Node:
    """A vtkMRMLTableNode with one row for each mapping of ``rows``; its columns are their keys, in the
    order of appearance. A column of numbers stays one (a missing value is NaN), others become text.
    Slicer writes six digits of a number to a table's file; the record keeps them all.
    """
    from vtkmodules.vtkCommonCore import vtkDoubleArray, vtkStringArray

    node = scene.AddNewNodeByClass("vtkMRMLTableNode", scene.GenerateUniqueName(name))
    for title in dict.fromkeys(key for row in rows for key in row):
        values = [row.get(title) for row in rows]
        numeric = all(value is None or _is_number(value) for value in values)
        column: Any = vtkDoubleArray() if numeric else vtkStringArray()
        column.SetName(title)
        for value in values:
            column.InsertNextValue(_number(value) if numeric else _text(value))
        node.AddColumn(column)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    node.AddDefaultStorageNode()
    return node


def text_node(scene: Scene, text: str, name: str) -> Node:
    """A vtkMRMLTextNode with ``text`` (UTF-8), kept as a file of its own beside the scene."""
    from vtkmodules.vtkCommonCore import VTK_ENCODING_UTF_8

    node = scene.AddNewNodeByClass("vtkMRMLTextNode", scene.GenerateUniqueName(name))
    node.SetEncoding(VTK_ENCODING_UTF_8)
    node.SetText(text)
    node.SetForceCreateStorageNode(node.CreateStorageNodeAlways)
    node.AddDefaultStorageNode()
    return node


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
