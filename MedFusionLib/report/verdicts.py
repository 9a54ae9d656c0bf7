"""The verdicts on the registrations, each with the numbers that it rests on and the pictures to check it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from MedFusionLib.boards import Board
from MedFusionLib.layers import Layer
from MedFusionLib.registration.evidence import WRONG_WAYS, evidence_name
from MedFusionLib.registration.settings import Registration
from MedFusionLib.registration.verdict import AGREEMENT_WARN_MM, OVERLAP_WARN, ROTATION_WARN_DEG
from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.numbers import duration, told
from MedFusionLib.report.pictures import Plane, row, slice_picture
from MedFusionLib.report.tables import Cell, Column, Row, table

_WORDS = {"accept": "accepted", "warn": "look at it", "reject": "rejected", "none": "taken as registered"}
#: Name of the evidence: what it is, how it is written, and the limit beyond which a warning is given.
_EVIDENCE: dict[str, tuple[str, str, str]] = {
    "start_agreement_mm": ("Independent starts end apart by", "{:.1f} mm", f"at most {AGREEMENT_WARN_MM:g} mm"),
    "overlap_fraction": ("Overlap of the smaller field of view", "{:.0%}", f"at least {OVERLAP_WARN:.0%}"),
    "shift_mm": ("Shift", "{:.1f} mm", ""),
    "rotation_deg": ("Rotation", "{:.1f}°", f"at most {ROTATION_WARN_DEG:g}°"),
    "similarity_before": ("Similarity as the volumes lay", "{:.4f}", ""),
    "similarity_after": ("Similarity after registration", "{:.4f}", "more than before"),
    "similarity_elsewhere": ("Best similarity another search found", "{:.4f}", "no more than here"),
    "jacobian_min": ("Smallest Jacobian", "{:.2f}", ""),
    "jacobian_max": ("Largest Jacobian", "{:.2f}", ""),
}


def badge(decision: str) -> Markup:
    """The decision as a coloured word; the colour is not alone in telling it."""
    return element("span", _WORDS[decision], class_=f"badge {decision}")


def card(moving: str, fixed: str, registration: Registration | None) -> Markup:
    """The verdict on one moving volume in three lines."""
    decision = registration.verdict.decision if registration else "none"
    lines = headline(registration) if registration else ["No registration was asked for."]
    return element(
        "article",
        element("h3", f"{moving} onto {fixed}"),
        badge(decision),
        [element("p", line) for line in lines],
        class_=f"card {decision}",
    )


def headline(registration: Registration) -> list[str]:
    """The reasons of a verdict, or the numbers that speak for it."""
    verdict, evidence = registration.verdict, registration.verdict.evidence
    lines = [_sentence(reason) for reason in verdict.reasons]
    if verdict.decision == "accept" and "start_agreement_mm" in evidence:
        lines.append(f"Independent starts agree to {evidence['start_agreement_mm']:.1f}\N{NO-BREAK SPACE}mm.")
    moved = [
        words.format(evidence[name])
        for name, words in (("shift_mm", "moved {:.1f}\N{NO-BREAK SPACE}mm"), ("rotation_deg", "turned {:.1f}°"))
        if name in evidence
    ]
    if "overlap_fraction" in evidence:
        moved.append(f"{evidence['overlap_fraction']:.0%} overlap")
    return lines + ([_sentence(", ".join(moved))] if moved else [])


def details(board: Board, planes: Sequence[Plane], fixed: str) -> Markup:
    """One registration in full: checkerboards before and after, and the evidence."""
    registration = board.registration
    pictures = [
        _board_picture(board, board.before, planes[0], "Before"),
        *(_board_picture(board, board.after, plane, "Registered") for plane in planes),
    ]
    how = f"{registration.engine}, {registration.transform.GetName()}, {duration(registration.seconds)}"
    return element(
        "div",
        element("h3", f"{board.name} onto {fixed} ", badge(registration.verdict.decision)),
        element("p", how, class_="note"),
        row(pictures),
        element("div", _evidence_table(board.name, registration.verdict.evidence),
                _wrong_ways(board.name, registration.verdict.evidence), class_="pair"),
        class_="registration",
    )


def _board_picture(board: Board, other: Layer, plane: Plane, title: str) -> Markup:
    return slice_picture(board.plane(other, plane.axis, plane.centre), plane, title, plane.name)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _evidence_table(name: str, evidence: Mapping[str, float]) -> Markup | None:
    rows = [
        Row([Cell(title), Cell(words.format(evidence[key])), Cell(limit or "–")])
        for key, (title, words, limit) in _EVIDENCE.items()
        if key in evidence
    ]
    columns = [Column("Evidence"), Column("Found", numeric=True), Column("Expected")]
    return table(columns, rows, f"Evidence on {name}", sortable=False) if rows else None


def _wrong_ways(name: str, evidence: Mapping[str, float]) -> Markup | None:
    """How well copies that lie wrong fit: what fits by chance."""
    ways = {way: evidence[evidence_name(way)] for way in WRONG_WAYS if evidence_name(way) in evidence}
    if not ways or "similarity_compared" not in evidence:
        return None
    found = evidence["similarity_compared"]
    entries = {"as registered": found, **dict(sorted(ways.items(), key=lambda entry: -entry[1]))}
    rows = [
        Row([Cell(way), Cell(told(value, 4), value), Cell(_meter(value, found))], "best" if value is found else "")
        for way, value in entries.items()
    ]
    columns = [Column("Copy of the moving volume"), Column("Similarity", numeric=True), Column("")]
    return table(columns, rows, f"How well copies of {name} that lie wrong fit", sortable=False)


def _meter(value: float, whole: float) -> Markup:
    share = min(max(value / whole, 0.0), 1.0) if whole > 0 else 0.0
    return element("span", class_="meter", style=f"--share: {share:.3f}", aria_hidden="true")
