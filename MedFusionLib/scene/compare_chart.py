"""Methods by metrics: a bar chart of a metrics table, and one click from a method's name to its volume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MedFusionLib.errors import BadInput
from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.blend import blend
from MedFusionLib.scene.mrml import Node, Scene

_COLOURS = ((0.22, 0.49, 0.72), (0.89, 0.47, 0.2), (0.3, 0.69, 0.29), (0.6, 0.31, 0.64),
            (0.65, 0.34, 0.16), (0.97, 0.51, 0.75), (0.4, 0.4, 0.4), (0.74, 0.74, 0.13))


def compare_chart(scene: Scene, table: Node, metrics: Sequence[str] = ()) -> Node:
    """A vtkMRMLPlotChartNode with bars of ``metrics`` for every row of the vtkMRMLTableNode ``table``.

    Without ``metrics``, those that share the scale from 0 to 1, or else the first: bars of different units in one
    chart would say nothing. The chart that the table already has is made anew. Raises ``BadInput`` for a table
    without numbers, or a metric that is no column of numbers in it.
    """
    known = numeric_columns(table)
    if not known:
        raise BadInput(f"table '{table.GetName()}' has no column of numbers", "Choose a table of metrics")
    unknown = [name for name in metrics if name not in known]
    if unknown:
        raise BadInput(f"table '{table.GetName()}' has no metric '{unknown[0]}'", f"Use one of {', '.join(known)}")
    chosen = list(metrics) or _on_one_scale(known)
    _remove_chart(scene, table)
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", scene.GenerateUniqueName(f"{table.GetName()} chart"))
    labels = label_column(table)
    for number, name in enumerate(chosen):
        series = _bars(scene, table, name, labels, _COLOURS[number % len(_COLOURS)])
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle(chosen[0] if len(chosen) == 1 else "Metrics")
    chart.SetYAxisTitle(chosen[0] if len(chosen) == 1 else "from 0 to 1")
    chart.SetXAxisTitle(labels)
    chart.SetLegendVisibility(len(chosen) > 1)
    table.SetNodeReferenceID(mark.CHART, chart.GetID())
    return chart


def numeric_columns(table: Node) -> dict[str, np.ndarray]:
    """The columns of numbers of a table node, by title, in their order."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    columns = [table.GetTable().GetColumn(index) for index in range(table.GetNumberOfColumns())]
    return {column.GetName(): vtk_to_numpy(column) for column in columns if column.IsNumeric()}


def label_column(table: Node) -> str:
    """The title of the column that names the rows: the first of text, "" where there is none."""
    columns = [table.GetTable().GetColumn(index) for index in range(table.GetNumberOfColumns())]
    texts = [str(column.GetName()) for column in columns if not column.IsNumeric()]
    return "method" if "method" in texts else next(iter(texts), "")


def fused_by(scene: Scene, table: Node) -> dict[str, Node]:
    """The fused volumes that refer to the metrics ``table``, by method; also in a scene that was saved and reopened.

    Of several volumes by one method the later ones are told by the name of their node, too.
    """
    found: dict[str, Node] = {}
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLVolumeNode")
        method = node.GetAttribute(mark.METHOD)
        if method and node.GetNodeReference(mark.METRICS) is table:
            found[f"{method}: {node.GetName()}" if method in found else method] = node
    return found


def show_method(scene: Scene, table: Node, name: str) -> Node:
    """Let the slice views show the volume that method ``name`` fused, and return its node.

    ``table`` is the metrics table of the comparison. Raises ``BadInput`` for a method without a volume there.
    """
    fused = fused_by(scene, table)
    if name not in fused:
        raise BadInput(f"there is no volume fused by '{name}'",
                       f"Use one of {', '.join(fused)}" if fused else "Run the comparison again")
    node = fused[name]
    sources = [node.GetNthNodeReference(mark.SOURCE, index)
               for index in range(node.GetNumberOfNodeReferences(mark.SOURCE))]
    blend(scene, sources, node, 1.0)
    return node


def _on_one_scale(columns: dict[str, np.ndarray]) -> list[str]:
    within = [name for name, values in columns.items()
              if np.isfinite(values).any() and np.nanmin(values) >= 0 and np.nanmax(values) <= 1]
    return within or [next(iter(columns))]


def _bars(scene: Scene, table: Node, metric: str, labels: str, colour: tuple[float, float, float]) -> Node:
    series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", scene.GenerateUniqueName(metric))
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(series.PlotTypeBar)
    series.SetYColumnName(metric)
    series.SetLabelColumnName(labels)
    series.SetColor(*colour)
    return series


def _remove_chart(scene: Scene, table: Node) -> None:
    """Remove the chart that an earlier call made of ``table``, with its series."""
    chart = table.GetNodeReference(mark.CHART)
    if chart is None:
        return
    for index in reversed(range(chart.GetNumberOfPlotSeriesNodes())):
        scene.RemoveNode(chart.GetNthPlotSeriesNode(index))
    scene.RemoveNode(chart)
