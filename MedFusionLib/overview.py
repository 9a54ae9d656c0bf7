"""The picture of a run: sources, fused volumes, checkerboards before and after registration, scale, verdicts."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from MedFusionLib import __version__
from MedFusionLib.boards import Board, checkerboards
from MedFusionLib.cuts import centre_of, cut, extent, in_unit_range, layers_of, planes_of, scale_bar, shown
from MedFusionLib.layers import Layer
from MedFusionLib.metrics import METRICS
from MedFusionLib.volume import Array, Volume

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import SubplotSpec

    from MedFusionLib.pipeline import Result
    from MedFusionLib.registration.settings import Registration

_INK, _PAPER, _DIM = "#e8e6e1", "#131417", "#8f9299"
_VERDICTS = {"accept": "#7bc98a", "warn": "#e5b567", "reject": "#e5737f"}
_PANEL = 2.3
_BOARD_PANELS = 3
#: Inches above and below the panels.
_HEAD, _FOOT = 0.87, 0.7
_DPI = 110
#: Letters that a panel is wide.
_LETTERS = 32


def draw_overview(result: Result, path: Path) -> None:
    """Write the picture of ``result`` to ``path`` (PNG)."""
    overview(result).savefig(path, facecolor=_PAPER)


def overview(result: Result) -> Figure:
    """The picture of ``result``: a row for each plane, a column for each source and fused volume, then the boards."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    layers = layers_of(result)
    pictures = [(_caption(layer), shown(layer)) for layer in layers]
    pictures += [
        (f"{_fitted(fusion.name)}\nfused, {fusion.method}", in_unit_range(fusion.volume.array))
        for fusion in result.fusions
    ]
    planes = planes_of(result.fused)
    boards = checkerboards(result, layers) if result.fused.dimension == 3 else []
    rows = len(planes) + (1 if boards else 0)
    columns = max(len(pictures), _BOARD_PANELS * len(boards))
    height = _HEAD + _PANEL * rows + _FOOT
    figure = Figure(figsize=(_PANEL * columns + 0.4, height), facecolor=_PAPER, dpi=_DPI)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        rows,
        1,
        left=0.03,
        right=0.99,
        top=1 - _HEAD / height,
        bottom=_FOOT / height,
        hspace=0.08 if not boards else 0.16,
    )
    centre = centre_of(result, layers)
    for row, (plane, axis) in enumerate(planes.items()):
        _draw_row(figure, grid[row], plane, axis, centre, pictures, result.sources[0])
    if boards:
        _draw_boards(figure, grid[rows - 1], boards, centre, result.sources[0])
    _draw_texts(figure, result)
    return figure


def _fitted(name: str, lines: int = 2) -> str:
    """``name`` in at most so many ``lines``, none wider than a panel."""
    return fill(name, _LETTERS, max_lines=lines, placeholder=" …", break_on_hyphens=False)


def _caption(layer: Layer) -> str:
    return f"{_fitted(layer.name)}\n{layer.window.name} {layer.window.lower:.4g} to {layer.window.upper:.4g}"


def _draw_row(
    figure: Figure,
    place: SubplotSpec,
    plane: str,
    axis: int,
    centre: tuple[int, ...],
    pictures: list[tuple[str, Array]],
    fixed: Volume,
) -> None:
    grid = place.subgridspec(1, len(pictures), wspace=0.03)
    for column, (caption, picture) in enumerate(pictures):
        axes = figure.add_subplot(grid[column])
        width, height = extent(fixed, axis)
        _draw_slice(axes, cut(picture, axis, centre), width, height)
        if axis <= 0:
            axes.set_title(caption, color=_INK, fontsize=8)
        if column == 0:
            axes.text(
                -0.03,
                0.5,
                plane,
                color=_DIM,
                fontsize=8,
                rotation=90,
                va="center",
                ha="right",
                transform=axes.transAxes,
            )
            if axis >= 0:
                _draw_scale(axes, width)


def _draw_slice(axes: Axes, picture: Array, width: float, height: float) -> None:
    axes.imshow(picture, cmap="gray", vmin=0.0, vmax=1.0, extent=(0.0, width, height, 0.0), interpolation="bilinear")
    axes.set_facecolor(_PAPER)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_scale(axes: Axes, width: float) -> None:
    """A scale bar of the longest round length under half the width."""
    length = scale_bar(width)
    bottom = axes.get_ylim()[0]
    start, level = 0.05 * width, bottom * 0.955
    axes.plot([start, start + length], [level, level], color=_INK, linewidth=2.5, solid_capstyle="butt")
    label = f"{length // 10} cm" if length >= 10 else f"{length} mm"
    axes.text(start, level - 0.03 * bottom, label, color=_INK, fontsize=7, va="bottom")
    axes.set_ylim(bottom, 0.0)


def _draw_boards(
    figure: Figure, place: SubplotSpec, boards: list[Board], centre: tuple[int, ...], fixed: Volume
) -> None:
    """For each registered volume: before, after, and after in the coronal plane, with the verdict below."""
    grid = place.subgridspec(1, _BOARD_PANELS * len(boards), wspace=0.03)
    for number, board in enumerate(boards):
        panels = (
            (_fitted(f"{board.name} before"), board.before, 0),
            ("registered", board.after, 0),
            ("registered, coronal", board.after, 1),
        )
        for column, (title, layer, axis) in enumerate(panels):
            axes = figure.add_subplot(grid[_BOARD_PANELS * number + column])
            _draw_slice(axes, board.plane(layer, axis, centre), *extent(fixed, axis))
            axes.set_title(title, color=_INK, fontsize=8)
            if column == 1:
                _draw_verdict(axes, board.registration)


def _draw_verdict(axes: Axes, registration: Registration) -> None:
    verdict = registration.verdict
    agreement = verdict.evidence.get("start_agreement_mm")
    words = f"{verdict.decision}  ({registration.engine})"
    if agreement is not None:
        words += f"\ntwo starts agree to {agreement:.1f} mm"
    axes.text(
        0.5,
        -0.04,
        words,
        color=_PAPER,
        fontsize=8,
        ha="center",
        va="top",
        transform=axes.transAxes,
        bbox={"boxstyle": "round,pad=0.35", "facecolor": _VERDICTS[verdict.decision], "edgecolor": "none"},
    )


def _draw_texts(figure: Figure, result: Result) -> None:
    figure.text(0.03, 0.985, "MedFusion", color=_INK, fontsize=13, fontweight="bold", va="top")
    figure.text(
        0.99,
        0.985,
        f"{__version__}   research software, not for clinical use",
        color=_DIM,
        fontsize=8,
        ha="right",
        va="top",
    )
    titles = {name: entry.title.lower() for name, entry in METRICS.items()}
    units = {name: f" {entry.unit}" for name, entry in METRICS.items() if entry.unit}
    figures = [
        f"{titles.get(name, name.replace('_', ' '))} {value:.3g}{units.get(name, '')}"
        for name, value in result.metrics.items()
    ]
    words = f"{_fitted(result.fusions[-1].name, 1)}:  " + ",  ".join(figures)
    figure.text(0.03, 0.008, words, color=_DIM, fontsize=8)
