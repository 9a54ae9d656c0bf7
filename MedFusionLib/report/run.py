"""The report of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from MedFusionLib.boards import checkerboards
from MedFusionLib.cuts import centre_of, in_unit_range, layers_of, planes_of, shown
from MedFusionLib.layers import Layer
from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.meanings import column_of, meanings_table
from MedFusionLib.report.numbers import decimals, told
from MedFusionLib.report.page import Section, page
from MedFusionLib.report.pictures import Plane, gallery, plane_picture, row
from MedFusionLib.report.provenance import record_details, size_words, spacing_words, volumes_table
from MedFusionLib.report.tables import Cell, Column, Row, table
from MedFusionLib.report.verdicts import card, details
from MedFusionLib.report.warnings import warning_box, warnings_of

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Fusion, Result

_ACROSS = "Every combination is measured against its own sources: figures of different rows do not rank them."


def write_run(result: Result, path: Path) -> None:
    """Write the report of ``result`` to the HTML file ``path``."""
    path.write_text(run_page(result), encoding="utf-8")


def run_page(result: Result) -> str:
    """The report of ``result`` as HTML: pictures, verdicts, figures, volumes and record."""
    layers = layers_of(result)
    planes = planes_through(result, layers)
    names = list(dict.fromkeys(name for fusion in result.fusions for name in fusion.metrics))
    sections = (
        Section("glance", "At a glance", glance(result)),
        Section("fused", "Fused", _fused(result.fusions[-1], planes), cut_note(planes)),
        Section("sources", "Sources and fused volumes", _side_by_side(result, layers, planes)),
        Section("registration", "Registration", registrations(result, layers, planes),
                "Checkerboards of 20 mm: structures must run on across the edges of the fields."),
        Section("figures", "Figures", _figures(result, names), _ACROSS if len(result.fusions) > 1 else ""),
        Section("meanings", "What each figure means", meanings_table(names)),
        Section("volumes", "Volumes", volumes_table(result)),
        Section("record", "Record", record_details(result.record)),
    )
    return page("fusion report", result.fusions[-1].name, facts(result), sections)


def facts(result: Result) -> list[str]:
    """What was done, in a few words each: methods, grid, engines."""
    fixed = result.sources[0]
    methods = list(dict.fromkeys(fusion.method for fusion in result.fusions))
    engines = dict.fromkeys(entry.engine for entry in result.registrations if entry)
    grid = f"{size_words(fixed.image.GetSize())} {'voxels' if fixed.dimension == 3 else 'pixels'}"
    if fixed.dimension == 3:
        grid += f" of {spacing_words(fixed.image.GetSpacing())} mm"
    return [
        f"Fused with {methods[0]}" if len(methods) == 1 else f"{len(methods)} methods",
        f"On the grid of {fixed.name}: {grid}",
        f"Registration: {', '.join(engines)}" if engines else "Taken as registered",
    ]


def planes_through(result: Result, layers: list[Layer]) -> list[Plane]:
    """The planes that are shown, all through one point."""
    centre = centre_of(result, layers)
    return [Plane(name, axis, centre, result.sources[0]) for name, axis in planes_of(result.fused).items()]


def glance(result: Result) -> Markup:
    """Warnings, and a card for every moving volume."""
    fixed = result.sources[0].name
    pairs = zip(result.sources[1:], result.registrations[1:], strict=True)
    cards = [card(source.name, fixed, registration) for source, registration in pairs]
    return element("div", warning_box(warnings_of(result)), element("div", cards, class_="cards"))


def registrations(result: Result, layers: list[Layer], planes: list[Plane]) -> list[Markup]:
    """Every registration in full; empty where none was made."""
    boards = checkerboards(result, layers) if result.fused.dimension == 3 else []
    return [details(board, planes, result.sources[0].name) for board in boards]


def cut_note(planes: list[Plane]) -> str:
    """Where the planes lie, and how to read the pictures."""
    if planes[0].axis < 0:
        return ""
    z, y, x = planes[0].centre
    return (
        f"All planes of this report run through voxel ({x}, {y}, {z}). "
        "Letters are the patient's sides: R, L, A, P, S, I. A click enlarges a picture."
    )


def _fused(fusion: Fusion, planes: list[Plane]) -> Markup:
    voxels = in_unit_range(fusion.volume.array)
    return row([plane_picture(voxels, plane, plane.name.capitalize()) for plane in planes])


def _side_by_side(result: Result, layers: list[Layer], planes: list[Plane]) -> list[Markup]:
    volumes = [(layer.name, _window(layer), shown(layer)) for layer in layers]
    volumes += [(fusion.name, f"fused, {fusion.method}", in_unit_range(fusion.volume.array))
                for fusion in result.fusions]
    return [
        gallery([plane_picture(voxels, plane, name, how) for name, how, voxels in volumes], len(volumes),
                plane.name.capitalize())
        for plane in planes
    ]


def _window(layer: Layer) -> str:
    return f"{layer.window.name}, {layer.window.lower:.4g} to {layer.window.upper:.4g}"


def _figures(result: Result, names: list[str]) -> Markup:
    places = {name: decimals(fusion.metrics.get(name, 0.0) for fusion in result.fusions) for name in names}
    rows = []
    for fusion in result.fusions:
        values = [fusion.metrics.get(name, float("nan")) for name in names]
        cells = [Cell(told(value, places[name]), value) for name, value in zip(names, values, strict=True)]
        rows.append(Row([Cell(fusion.name), Cell(fusion.method), *cells]))
    columns = [Column("Fused"), Column("Method"), *(column_of(name) for name in names)]
    return table(columns, rows, "Figures of the fused volumes")
