"""The card of a method as the fields of a form."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion.card import Card, Parameter
from MedFusionLib.ui.translation import tr as _

Kind = Literal["choice", "flag", "whole", "number", "text"]
_SEARCH = "https://scholar.google.com/scholar?q="


@dataclass(frozen=True)
class Field:
    """One field: what it is called, what kind of widget it needs, its value, and its bounds or choices."""

    name: str
    title: str
    kind: Kind
    value: Any
    default: Any
    help: str
    minimum: float = -1e6
    maximum: float = 1e6
    step: float = 1.0
    decimals: int = 0
    choices: tuple[Any, ...] = ()


def fields_of(card: Card, given: Mapping[str, Any]) -> list[Field]:
    """The fields of ``card``'s form with the values ``given``; what is unknown or out of range takes the default."""
    return [_field(parameter, _checked(card, parameter, given)) for parameter in card.parameters]


def _checked(card: Card, parameter: Parameter, given: Mapping[str, Any]) -> Any:
    try:
        return parameter.check(card.name, given.get(parameter.name, parameter.default))
    except BadInput:
        return parameter.default


def _field(parameter: Parameter, value: Any) -> Field:
    low = -1e6 if parameter.minimum is None else parameter.minimum
    high = 1e6 if parameter.maximum is None else parameter.maximum
    decimals = _decimals(parameter.default, low, high) if _kind(parameter) == "number" else 0
    return Field(parameter.name, parameter.name.replace("_", " ").capitalize(), _kind(parameter), value,
                 parameter.default, _hint(parameter), low, high, 10.0**-decimals, decimals, parameter.choices)


def _kind(parameter: Parameter) -> Kind:
    if parameter.choices:
        return "choice"
    kinds: dict[type, Kind] = {bool: "flag", int: "whole", float: "number"}
    return kinds.get(type(parameter.default), "text")


def _decimals(default: float, low: float, high: float) -> int:
    """Enough decimals to write the default and the bounds, two at least."""
    shown = [f"{value:.6f}".rstrip("0").partition(".")[2] for value in (default, low, high) if abs(value) < 1e6]
    return max(2, *(len(part) for part in shown))


def _hint(parameter: Parameter) -> str:
    bounds = "" if parameter.minimum is None or parameter.maximum is None else _(
        " From {low:g} to {high:g}.").format(low=parameter.minimum, high=parameter.maximum)
    return _("{help}.{bounds} Default: {default}").format(
        help=parameter.help.rstrip("."), bounds=bounds, default=parameter.default)


def changed_values(card: Card, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``values`` that are not the default: what a recipe needs to say."""
    default = {parameter.name: parameter.default for parameter in card.parameters}
    return {name: value for name, value in values.items() if name in default and value != default[name]}


def reference_link(reference: str) -> str:
    """Where to read ``reference``: its DOI or its address, else a search for its words."""
    doi = re.search(r"10\.\d{4,9}/[^\s,;]+", reference)
    if doi:
        return f"https://doi.org/{doi.group().rstrip('.')}"
    address = re.search(r"https?://\S+", reference)
    return address.group() if address else _SEARCH + re.sub(r"[^\w]+", "+", reference).strip("+")


def card_html(card: Card, missing: tuple[str, ...] = ()) -> str:
    """The card as rich text for a tooltip: what it is, what it takes, where it is from, and what is missing."""
    least, most = card.sources
    count = _("{least} or more volumes").format(least=least) if most is None else _("{least} to {most} volumes").format(
        least=least, most=most)
    spaces: dict[tuple[int, ...], str] = {(2,): _("slice by slice"), (3,): _("whole volumes only")}
    space = spaces.get(card.dimensions, _("slices or volumes"))
    order = "" if card.symmetric else _(" The order of the volumes matters.")
    lines = [f"<b>{html.escape(card.title)}</b>", f"{html.escape(card.summary)}.", f"{count}, {space}.{order}",
             f"<i>{html.escape(card.reference)}</i>"]
    if card.trained is False:
        lines.append(_("Not trained: it has no weights here, and fuses only with weights that you give."))
    if missing:
        lines.append(_("Needs {packages}, which Apply offers to install.").format(packages=", ".join(missing)))
    return "<br>".join(lines)
