"""The picture of a comparison: sources and every fused image side by side, each with the same part magnified."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from MedFusionLib.comparison import Comparison
from MedFusionLib.cuts import cut, in_unit_range, layers_of, shown
from MedFusionLib.layers import Layer
from MedFusionLib.report.inset import Inset, choose_inset
from MedFusionLib.report.pictures import Plane
from MedFusionLib.report.run import planes_through
from MedFusionLib.report.standing import mean_rank
from MedFusionLib.volume import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _PAPER, _DIM, _MARK = "#e8e6e1", "#131417", "#8f9299", "#e5b567"
_PANEL, _COLUMNS, _DPI = 2.5, 6, 110
#: Width of the inset that shows the magnified part, as a part of the picture's.
_INSET = 0.44


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture (grey or RGB in [0, 1]) with what is written above it."""

    title: str
    subtitle: str
    picture: Array


def draw_comparison(comparison: Comparison, path: Path) -> None:
    """Write the picture of ``comparison`` to ``path`` (PNG): a volume in its first plane, as the report cuts it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    layers = layers_of(comparison.result)
    plane = planes_through(comparison.result, layers)[0]
    panels, size = panels_of(comparison, layers, plane), plane.size
    part = choose_inset([layers[position] for position in comparison.result.fusions[-1].sources], plane)
    columns = min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    height = _PANEL * size[1] / size[0] + 0.42
    figure = Figure(figsize=(_PANEL * columns + 0.2, height * rows + 0.45), facecolor=_PAPER, dpi=_DPI)
    FigureCanvasAgg(figure)
    top = 1.0 - 0.72 / (height * rows + 0.45)
    grid = figure.add_gridspec(rows, columns, left=0.01, right=0.99, bottom=0.01, top=top, wspace=0.03, hspace=0.2)
    for number, panel in enumerate(panels):
        axes = figure.add_subplot(grid[number // columns, number % columns])
        _draw_panel(axes, panel, part, size)
    figure.text(0.01, 0.99, "MedFusion comparison", color=_INK, fontsize=12, fontweight="bold", va="top")
    note = "magnified: where every source has detail   research software, not for clinical use"
    figure.text(0.99, 0.99, note, color=_DIM, fontsize=8, ha="right", va="top")
    figure.savefig(path, facecolor=_PAPER)


def panels_of(comparison: Comparison, layers: Sequence[Layer], plane: Plane) -> list[Panel]:
    """A panel for every source and every row, cut in ``plane``."""
    panels = [Panel(layer.name, "source", cut(shown(layer), plane.axis, plane.centre)) for layer in layers]
    for row in comparison.rows:
        picture = cut(in_unit_range(comparison.fused[row.name]), plane.axis, plane.centre)
        place = mean_rank(row, comparison)
        told = f"mean rank {place:.1f}" if math.isfinite(place) else row.kind
        panels.append(Panel(row.name, told, picture))
    return panels


def _draw_panel(axes: Axes, panel: Panel, part: Inset, size: tuple[float, float]) -> None:
    from matplotlib.patches import Rectangle

    height, width = panel.picture.shape[:2]
    _show(axes, panel.picture, size[1] / height / (size[0] / width))
    axes.set_title(f"{panel.title}\n", color=_INK, fontsize=9, pad=2)
    axes.text(0.5, 1.015, panel.subtitle, color=_DIM, fontsize=7.5, ha="center", va="bottom", transform=axes.transAxes)
    corner = (part.column - 0.5, part.row - 0.5)
    axes.add_patch(Rectangle(corner, part.columns, part.rows, fill=False, edgecolor=_MARK, linewidth=0.8))
    left = 0.0 if part.column + part.columns / 2 > width / 2 else 1.0 - _INSET
    bottom = 0.0 if part.row + part.rows / 2 < height / 2 else 1.0 - _INSET
    inset = axes.inset_axes((left, bottom, _INSET, _INSET))
    _show(inset, part.of(panel.picture), "auto")
    for spine in inset.spines.values():
        spine.set(visible=True, edgecolor=_MARK, linewidth=0.8)


def _show(axes: Axes, picture: Array, aspect: float | Literal["auto"]) -> None:
    axes.imshow(picture, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest", aspect=aspect)
    axes.set(xticks=[], yticks=[], facecolor=_PAPER)
    for spine in axes.spines.values():
        spine.set_visible(False)
