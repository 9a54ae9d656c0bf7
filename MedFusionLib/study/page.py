"""The page that readers open: it works without network and holds the pictures, but neither key nor method's name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.pictures import data_uri
from MedFusionLib.resources import resource
from MedFusionLib.study import CRITERIA, Case, Key

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_WELCOME = (
    "You will see fused pictures beside the sources they were made of. First score each picture from 1 to 5, then "
    "choose the better of two. There is no time limit, and you can close the page and go on later. The order is your "
    "own, and nobody can see from the page what made a picture. Sit as you would for reading images, in dim light."
)


def study_page(cases: Sequence[Case], key: Key) -> str:
    """The whole HTML file of the study ``key`` on ``cases``."""
    text = json.dumps(_data(cases, key), ensure_ascii=True).replace("<", "\\u003c")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", f"Reader study {key.study}"),
        element("style", Markup(resource("Study/study.css").read_text(encoding="utf-8"))),
    )
    form = element(
        "form",
        element("label", "Your name or number ", element("input", type="text", id="reader", required=True)),
        element("button", "Begin", type="submit", class_="main"),
        id="begin",
    )
    body = element(
        "body",
        element("h1", "Reader study of fused pictures"),
        element("main", element("p", _WELCOME), form, id="place"),
        element("footer", element("p", "Research only, not for clinical use.")),
        element("script", Markup(text), type="application/json", id="data"),
        element("script", Markup(resource("Study/study.js").read_text(encoding="utf-8"))),
    )
    return f'<!DOCTYPE html>\n<html lang="en">{head}\n{body}</html>\n'


def _data(cases: Sequence[Case], key: Key) -> dict[str, Any]:
    """What the script needs; cases go by numbers, since their names may tell of a patient."""
    numbers = {case.name: str(number) for number, case in enumerate(cases)}
    named = {case.name: case for case in cases}
    places = {(item.case, item.method): item.identity for item in key.items}
    return {
        "study": key.study,
        "criteria": CRITERIA,
        "cases": {
            numbers[case.name]: {
                "aspect": case.aspect,
                "sources": [{"name": name, "src": data_uri(picture)} for name, picture in case.sources.items()],
            }
            for case in cases
        },
        "pictures": {item.identity: data_uri(named[item.case].fused[item.method]) for item in key.items},
        "items": [{"id": item.identity, "case": numbers[item.case]} for item in key.items],
        "choices": [
            {
                "id": choice.identity,
                "case": numbers[choice.case],
                "left": places[choice.case, choice.left],
                "right": places[choice.case, choice.right],
            }
            for choice in key.choices
        ],
    }
