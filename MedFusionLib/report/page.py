"""The frame of every report: head, title, contents, sections, foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from MedFusionLib import __version__
from MedFusionLib.record import NOTICE
from MedFusionLib.report.markup import Markup, element
from MedFusionLib.resources import resource

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_MARK = "Research software, not for clinical use"


@dataclass(frozen=True)
class Section:
    """One part of a report. ``name`` is its anchor, ``note`` a line under its title."""

    name: str
    title: str
    content: Any
    note: str = ""


def page(kind: str, title: str, facts: Sequence[str], sections: Sequence[Section]) -> str:
    """The whole HTML file: of what ``kind`` the report is, its ``title``, short ``facts`` below it, its parts."""
    sections = [section for section in sections if section.content]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} – MedFusion {kind}"),
        element("style", Markup(resource("Report/report.css").read_text(encoding="utf-8"))),
    )
    body = element(
        "body",
        _header(kind, title, facts, sections),
        element("main", [_section(section) for section in sections]),
        element("footer", element("p", NOTICE), element("p", f"MedFusion {__version__}. {_MARK}.")),
        element("script", Markup(resource("Report/report.js").read_text(encoding="utf-8"))),
    )
    return f'<!DOCTYPE html>\n<html lang="en">{head}\n{body}</html>\n'


def _header(kind: str, title: str, facts: Sequence[str], sections: Sequence[Section]) -> Markup:
    return element(
        "header",
        element(
            "div",
            element("span", "MedFusion", class_="wordmark"),
            element("span", kind, class_="kind"),
            element("span", _MARK, class_="mark"),
            element("button", "Light or dark", id="theme", type="button", hidden=True),
            class_="masthead",
        ),
        element("h1", title),
        element("p", [element("span", fact) for fact in facts if fact], class_="facts"),
        element(
            "nav",
            [element("a", section.title, href=f"#{section.name}") for section in sections],
            aria_label="Contents",
        ),
    )


def _section(section: Section) -> Markup:
    return element(
        "section",
        element("h2", section.title, id=f"{section.name}-title"),
        element("p", section.note, class_="note") if section.note else None,
        section.content,
        id=section.name,
        aria_labelledby=f"{section.name}-title",
    )
