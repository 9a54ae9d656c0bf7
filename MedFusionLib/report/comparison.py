"""The report of a comparison: the same planes and the same magnified part of every method, and who stands where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from MedFusionLib.cuts import cut, in_unit_range, layers_of, shown
from MedFusionLib.layers import Layer
from MedFusionLib.report.inset import Inset, choose_inset
from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.meanings import meanings_table
from MedFusionLib.report.page import Section, page
from MedFusionLib.report.pictures import Plane, gallery, marks, picture, slice_picture
from MedFusionLib.report.provenance import record_details, volumes_table
from MedFusionLib.report.run import cut_note, facts, glance, planes_through, registrations
from MedFusionLib.report.standing import headline_table, other_table, podium
from MedFusionLib.volume import Array

if TYPE_CHECKING:
    from MedFusionLib.comparison import Comparison

_COLUMNS = 4
_FUNCTIONAL = (
    "A source is functional: what counts first is that both sources can be recovered from the fused colours, that "
    "small anatomy survives in hot regions, and that hue and chroma stay true. Luma figures alone reward painting over "
    "the anatomy."
)
_GREY = "Six figures together: every cheap trick among the reference rows wins some and loses others."
_MAGNIFIED = "Below each picture its framed part, where all sources have most detail, is magnified."
_REFERENCES = " Reference rows (in italics) take no rank: a method that does not beat them gains nothing."


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write the report of ``comparison`` to the HTML file ``path``."""
    path.write_text(comparison_page(comparison), encoding="utf-8")


def comparison_page(comparison: Comparison) -> str:
    """The report of ``comparison`` as HTML: standing, pictures with a magnified part, figures, record."""
    result = comparison.result
    layers = layers_of(result)
    planes = planes_through(result, layers)
    sections = (
        Section("glance", "At a glance", [glance(result), podium(comparison)]),
        Section("headline", "Headline figures", headline_table(comparison),
                (_FUNCTIONAL if comparison.functional else _GREY) + _REFERENCES),
        Section("pictures", "Side by side", _pictures(comparison, layers, planes),
                f"{cut_note(planes)} {_MAGNIFIED}"),
        Section("figures", "All other figures", other_table(comparison)),
        Section("meanings", "What each figure means", meanings_table(comparison.figures)),
        Section("registration", "Registration", registrations(result, layers, planes)),
        Section("volumes", "Volumes", volumes_table(result)),
        Section("record", "Record", record_details(result.record)),
    )
    return page("comparison", result.fusions[-1].name, facts(result), sections)


def _pictures(comparison: Comparison, layers: list[Layer], planes: list[Plane]) -> list[Markup]:
    """Sources, methods and reference rows in the first plane, each with the magnified part; other planes below."""
    first, *others = planes
    inset = choose_inset([layers[position] for position in comparison.result.fusions[-1].sources], first)
    sources = [(layer.name, layer.window.name, shown(layer)) for layer in layers]
    lines = {kind: [(line.title, "", in_unit_range(comparison.fused[line.name]))
                    for line in comparison.rows if (line.kind == "reference") == (kind == "Reference rows")]
             for kind in ("Methods", "Reference rows")}
    strips = {"Sources": sources, **lines}
    magnified = [
        gallery([_magnified(cut(voxels, first.axis, first.centre), first, inset, name, detail)
                 for name, detail, voxels in volumes], _COLUMNS, title)
        for title, volumes in strips.items() if volumes
    ]
    volumes = [*sources, *lines["Methods"]]
    plain = [
        gallery([slice_picture(cut(voxels, plane.axis, plane.centre), plane, name, detail)
                 for name, detail, voxels in volumes], _COLUMNS + 2, plane.name.capitalize())
        for plane in others
    ]
    return magnified + plain


def _magnified(pixels: Array, plane: Plane, inset: Inset, name: str, detail: str) -> Markup:
    """One volume's plane with a frame, and the framed part below it."""
    told = f"{name}, {plane.name}"
    whole = picture(pixels, plane.size, told, overlay=[marks(plane), inset.frame(pixels.shape)])
    caption = [element("b", name), element("span", detail)]
    part = picture(inset.of(pixels), inset.size(plane, pixels.shape), f"{told}, magnified part", caption)
    return element("div", whole, part, class_="magnified")
