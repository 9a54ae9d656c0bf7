"""Show a result: sources and fused side by side in linked slices, or three planes, with the metrics beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from MedFusionLib.errors import BadInput
from MedFusionLib.scene.composites import composites, set_layers
from MedFusionLib.scene.display import FUSED_VIEW, SLICE_VIEWS, fit, show
from MedFusionLib.scene.mrml import Node, Scene

if TYPE_CHECKING:
    from MedFusionLib.scene.result import SceneResult

SIDE_BY_SIDE, PLANES = "side by side", "planes"
PLANES_AND_TABLE, PLANES_PLOT_AND_TABLE = 34, 38  # SlicerLayoutFourUpTableView, SlicerLayoutFourUpPlotTableView
_FIRST_LAYOUT = 27180  # + number of panes; Slicer leaves numbers above 100 to others
_PANES_IN_ROW = 3
_COLOURS = ("#4A90D9", "#D98E4A", "#9B6FC9", "#57A773", "#C9A227")


def show_result(scene: Scene, result: SceneResult, arrangement: str = SIDE_BY_SIDE) -> None:
    """Show what a run has made; see ``show_volumes``."""
    show_volumes(scene, result.sources, result.fused[-1], result.metrics, arrangement)


def show_volumes(scene: Scene, sources: Sequence[Node], fused: Node, table: Node | None = None,
                 arrangement: str = SIDE_BY_SIDE) -> None:
    """Arrange the views for ``sources`` (the fixed volume first) and ``fused``, slices linked, ``table`` below.

    "side by side" gives each volume an axial pane of its own; "planes" shows fused over the fixed volume in the
    axial, coronal and sagittal views. Nodes that are gone are left out; a scene without layout (no Slicer, or no
    main window) has only the slice views set that it has. Raises ``BadInput`` for another arrangement.
    """
    if arrangement not in (SIDE_BY_SIDE, PLANES):
        raise BadInput(f"arrangement '{arrangement}' of the views is not known", f"Use {SIDE_BY_SIDE} or {PLANES}")
    volumes = [node for node in (*sources, fused) if node is not None and scene.IsNodePresent(node)]
    if not volumes:
        return
    layout = _layout(scene)
    panes = pane_names(len(volumes)) if arrangement == SIDE_BY_SIDE else ()
    if layout is not None:
        layout.SetViewArrangement(_side_by_side(layout, panes) if panes else PLANES_AND_TABLE)
    show(scene, volumes[0], volumes[-1])
    _fill_panes(scene, panes, volumes)
    link(scene, (*SLICE_VIEWS, *panes))
    show_table(scene, table)


def pane_names(count: int) -> tuple[str, ...]:
    """The layout names of ``count`` panes side by side, that of the fused volume last."""
    return (*(f"MedFusion{number}" for number in range(1, count)), FUSED_VIEW)


def link(scene: Scene, names: Sequence[str]) -> None:
    """Let the slice views with these layout ``names`` move together, also while the mouse is down."""
    for composite in composites(scene, names):
        composite.SetLinkedControl(True)
        composite.SetHotLinkedControl(True)


def show_table(scene: Scene, table: Node | None) -> None:
    """Show ``table`` in the table view, where there is one."""
    if table is None or not scene.IsNodePresent(table):
        return
    view = scene.GetFirstNodeByClass("vtkMRMLTableViewNode")
    if view is not None:
        view.SetTableNodeID(table.GetID())
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    if selection is not None:
        selection.SetActiveTableID(table.GetID())


def show_chart(scene: Scene, chart: Node, table: Node | None = None) -> None:
    """Show the plot ``chart`` beside the three planes with ``table`` below, where there is a layout."""
    layout = _layout(scene)
    if layout is not None:
        layout.SetViewArrangement(PLANES_PLOT_AND_TABLE)
    view = scene.GetFirstNodeByClass("vtkMRMLPlotViewNode")
    if view is not None:
        view.SetPlotChartNodeID(chart.GetID())
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    if selection is not None:
        selection.SetActivePlotChartID(chart.GetID())
    show_table(scene, table)


def _layout(scene: Scene) -> Node | None:
    return scene.GetFirstNodeByClass("vtkMRMLLayoutNode")


def _fill_panes(scene: Scene, panes: Sequence[str], volumes: Sequence[Node]) -> None:
    for name, volume in zip(panes, volumes, strict=False):
        view = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if view is not None:
            fit(view, volumes[0])
        for composite in composites(scene, (name,)):
            set_layers(composite, [(volume, 1.0)])


def _side_by_side(layout: Node, panes: Sequence[str]) -> int:
    """The number of the layout with ``panes``, made known to Slicer when it is asked for first."""
    number = _FIRST_LAYOUT + len(panes)
    if not layout.IsLayoutDescription(number):
        layout.AddLayoutDescription(number, _description(panes))
    return number


def _description(panes: Sequence[str]) -> str:
    rows = [panes[start:start + _PANES_IN_ROW] for start in range(0, len(panes), _PANES_IN_ROW)]
    if len(panes) == _PANES_IN_ROW + 1:
        rows = [panes[:2], panes[2:]]
    labelled = {name: (f"{number}", _COLOURS[(number - 1) % len(_COLOURS)]) for number, name in enumerate(panes, 1)}
    labelled[FUSED_VIEW] = ("F", "#E0E0E0")
    grid = "".join(f'<item><layout type="horizontal">{"".join(_pane(name, *labelled[name]) for name in row)}'
                   "</layout></item>" for row in rows)
    return (f'<layout type="vertical" split="true"><item splitSize="700"><layout type="vertical">{grid}</layout></item>'
            '<item splitSize="200"><view class="vtkMRMLTableViewNode" singletontag="TableView1">'
            '<property name="viewlabel" action="default">T</property></view></item></layout>')


def _pane(name: str, label: str, colour: str) -> str:
    # A view group of their own: the panes move with each other and not with the three planes.
    return (f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
            '<property name="orientation" action="default">Axial</property>'
            f'<property name="viewlabel" action="default">{label}</property>'
            f'<property name="viewcolor" action="default">{colour}</property>'
            '<property name="viewgroup" action="default">1</property></view></item>')
