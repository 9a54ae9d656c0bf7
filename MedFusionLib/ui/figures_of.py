"""The figures in a table node, as plain columns."""

from __future__ import annotations

from typing import Any

from MedFusionLib.scene.mrml import Node


def columns_of(table: Node) -> dict[str, list[Any]]:
    """The columns of a table node by name: text, or numbers."""
    data = table.GetTable()
    columns: dict[str, list[Any]] = {}
    for index in range(data.GetNumberOfColumns()):
        column = data.GetColumn(index)
        columns[column.GetName()] = [column.GetValue(row) for row in range(column.GetNumberOfValues())]
    return columns
