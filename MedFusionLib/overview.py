"""The picture of a run: sources, fused volumes, checkerboards before and after registration, scale, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from MedFusionLib import __version__
from MedFusionLib.layers import Layer, prepare_layer
from MedFusionLib.metrics import METRICS
from MedFusionLib.tiles import second_fields
from MedFusionLib.volume import Array, Volume

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import SubplotSpec

    from MedFusionLib.pipeline import Result
    from MedFusionLib.registration.settings import Registration

PLANES = {"axial": 0, "coronal": 1, "sagittal": 2}
_INK, _PAPER, _DIM = "#e8e6e1", "#131417", "#8f9299"
_VERDICTS = {"accept": "#7bc98a", "warn": "#e5b567", "reject": "#e5737f"}
_PANEL = 2.3
_BOARD_PANELS = 3
_MARGIN = 1.45
_DPI = 110


@dataclass(frozen=True, eq=False)
class Board:
    """A registered volume's checkerboards with the fixed one, as RGB: in its own coordinates, and registered."""

    name: str
    before: Array
    after: Array
    registration: Registration


def draw_overview(result: Result, path: Path) -> None:
    """Write the picture of ``result`` to ``path`` (PNG)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    layers = _layers(result)
    pictures = [(_caption(layer), _shown(layer)) for layer in layers]
    pictures += [(f"{fusion.name}\nfused, {result.recipe.method}", _unit(fusion.volume)) for fusion in result.fusions]
    planes = PLANES if result.fused.dimension == 3 else {"picture": -1}
    boards = _checkerboards(result, layers) if result.fused.dimension == 3 else []
    rows = len(planes) + (1 if boards else 0)
    columns = max(len(pictures), _BOARD_PANELS * len(boards))
    figure = Figure(figsize=(_PANEL * columns + 0.4, _PANEL * rows + _MARGIN), facecolor=_PAPER, dpi=_DPI)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        rows,
        1,
        left=0.03,
        right=0.99,
        top=1 - 0.75 / (_PANEL * rows + _MARGIN),
        bottom=(_MARGIN - 0.75) / (_PANEL * rows + _MARGIN),
        hspace=0.08 if not boards else 0.16,
    )
    centre = _centre(result, layers)
    for row, (plane, axis) in enumerate(planes.items()):
        _draw_row(figure, grid[row], plane, axis, centre, pictures, result.sources[0])
    if boards:
        _draw_boards(figure, grid[rows - 1], boards, centre, result.sources[0])
    _draw_texts(figure, result)
    figure.savefig(path, facecolor=_PAPER)


def _layers(result: Result) -> list[Layer]:
    parts = zip(result.sources, result.validity, result.windows, result.colour_maps, strict=True)
    return [prepare_layer(*part) for part in parts]


def _caption(layer: Layer) -> str:
    return f"{layer.name}\n{layer.window.name} {layer.window.lower:.4g} to {layer.window.upper:.4g}"


def _shown(layer: Layer) -> Array:
    return layer.grey if layer.colour is None else layer.colour


def _unit(volume: Volume) -> Array:
    return volume.array / np.float32(255.0) if volume.is_colour else volume.array


def _centre(result: Result, layers: list[Layer]) -> tuple[int, ...]:
    """Where to cut: through the brightest spot of a functional source, else the middle of what all see."""
    from scipy.ndimage import gaussian_filter

    common = np.logical_and.reduce([layer.validity for layer in layers])
    common = common if common.any() else np.ones_like(common)
    for source, layer in zip(result.sources, layers, strict=True):
        if source.about.role == "functional" and not source.is_colour:
            smooth = gaussian_filter(np.where(common, layer.grey, 0).astype(np.float32), 3)
            return tuple(int(index) for index in np.unravel_index(int(smooth.argmax()), smooth.shape))
    return tuple(int(np.median(index)) for index in np.nonzero(common))


def _cut(volume: Array, axis: int, centre: tuple[int, ...]) -> Array:
    """The slice of ``volume`` through ``centre``; coronal and sagittal with the head up."""
    if axis < 0:
        return volume
    cut: Array = np.take(volume, centre[axis], axis=axis)
    return cut if axis == 0 else cut[::-1]


def _extent(volume: Volume, axis: int) -> tuple[float, float]:
    """Width and height in mm of a slice across array axis ``axis`` (pixels for a picture)."""
    size, spacing = volume.image.GetSize(), volume.image.GetSpacing()
    across, down = {1: (0, 2), 2: (1, 2)}.get(axis, (0, 1))
    return size[across] * spacing[across], size[down] * spacing[down]


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
        width, height = _extent(fixed, axis)
        _draw_slice(axes, _cut(picture, axis, centre), width, height)
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
    length = max((step for step in (5, 10, 20, 50, 100, 200) if step <= width / 2), default=1)
    bottom = axes.get_ylim()[0]
    start, level = 0.05 * width, bottom * 0.955
    axes.plot([start, start + length], [level, level], color=_INK, linewidth=2.5, solid_capstyle="butt")
    label = f"{length // 10} cm" if length >= 10 else f"{length} mm"
    axes.text(start, level - 0.03 * bottom, label, color=_INK, fontsize=7, va="bottom")
    axes.set_ylim(bottom, 0.0)


def _checkerboards(result: Result, layers: list[Layer]) -> list[Board]:
    """The checkerboards of every registered volume with the fixed one."""
    from MedFusionLib.resample import resample

    fixed, boards = result.sources[0], []
    still = sitk.Transform(3, sitk.sitkIdentity)
    for number, registration in enumerate(result.registrations):
        if registration is None:
            continue
        layer = layers[number]
        before, inside = resample(result.originals[number], fixed, still)
        unmoved = prepare_layer(before, inside, layer.window, layer.colour_map)
        pair = [_checkerboard(layers[0], other, fixed) for other in (unmoved, layer)]
        boards.append(Board(layer.name, pair[0], pair[1], registration))
    return boards


def _checkerboard(first: Layer, second: Layer, grid: Volume, tile: float = 20.0) -> Array:
    """Fields of ``tile`` mm from ``first`` and ``second`` in turn, as RGB; only ``first`` where ``second`` is blind."""
    spacing = grid.image.GetSpacing()[::-1]
    colours = [
        _shown(layer) if layer.colour is not None else _shown(layer)[..., np.newaxis].repeat(3, -1)
        for layer in (first, second)
    ]
    chosen = second_fields(first.grey.shape, spacing, tile) & second.validity
    return np.where(chosen[..., np.newaxis], colours[1], colours[0])


def _draw_boards(
    figure: Figure, place: SubplotSpec, boards: list[Board], centre: tuple[int, ...], fixed: Volume
) -> None:
    """For each registered volume: before, after, and after in the coronal plane, with the verdict below."""
    grid = place.subgridspec(1, _BOARD_PANELS * len(boards), wspace=0.03)
    for number, board in enumerate(boards):
        panels = (
            (f"{board.name} before", board.before, 0),
            ("registered", board.after, 0),
            ("registered, coronal", board.after, 1),
        )
        for column, (title, picture, axis) in enumerate(panels):
            axes = figure.add_subplot(grid[_BOARD_PANELS * number + column])
            _draw_slice(axes, _cut(picture, axis, centre), *_extent(fixed, axis))
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
    words = f"{result.fusions[-1].name}:  " + ",  ".join(figures)
    figure.text(0.03, 0.008, words, color=_DIM, fontsize=8)
