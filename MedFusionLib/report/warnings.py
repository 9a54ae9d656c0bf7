"""What a reader must know before believing a picture: warnings of a run, the gravest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MedFusionLib.report.markup import Markup, element

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result


def warnings_of(result: Result) -> list[str]:
    """The notes of the record, verdicts that are not plain acceptance, and what was mended in reading."""
    found = list(result.record.notes)
    for source, registration in zip(result.sources, result.registrations, strict=True):
        if registration is not None and registration.verdict.decision != "accept":
            reasons = registration.verdict.reasons
            found += [f"{source.name}: {reason}" for reason in reasons if not any(reason in note for note in found)]
    found += [f"{volume.name}: {note}" for volume in result.originals for note in volume.notes]
    return list(dict.fromkeys(found))


def warning_box(warnings: list[str], kind: str = "warning") -> Markup | None:
    """The warnings (or what ``kind`` calls them) as a list that cannot be overlooked; None when there are none."""
    if not warnings:
        return None
    title = f"One {kind}" if len(warnings) == 1 else f"{len(warnings)} {kind}s"
    return element(
        "div",
        element("h3", title),
        element("ul", [element("li", words) for words in warnings]),
        class_="warnings",
        role="note",
    )
