"""Checking plain data from JSON, field by field, with errors that name the field, its value and the mend."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from MedFusionLib.errors import BadInput

Check = Callable[[str, Any], Any]


def check_fields(given: Any, checks: Mapping[str, Check], owner: str) -> dict[str, Any]:
    """``given`` as a dict with every value checked; raises ``BadInput`` for what ``owner`` does not have."""
    if not isinstance(given, Mapping):
        raise BadInput(f"{owner} is {type(given).__name__}, not an object", "Give {...} with named fields")
    for name in given:
        if name not in checks:
            close = get_close_matches(str(name), checks, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"It has {', '.join(checks)}"
            raise BadInput(f"{owner} has no field '{name}'", hint)
    return {name: checks[name](f"{owner}: {name}", value) for name, value in given.items()}


def text(name: str, value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise BadInput(f"{name} = {value!r} is not text", "Give a name in quotes")
    return value


def flag(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise BadInput(f"{name} = {value!r} is neither true nor false", "Give true or false")
    return value


def one_of(*choices: Any) -> Check:
    """A check that the value is among ``choices``."""

    def check(name: str, value: Any) -> Any:
        if value not in choices:
            raise BadInput(f"{name} = {value!r} is not known", f"Use one of {', '.join(map(str, choices))}")
        return value

    return check


def number(low: float, high: float, kind: type[int] | type[float] = float) -> Check:
    """A check that the value is a number of ``kind`` from ``low`` to ``high``."""

    def check(name: str, value: Any) -> float:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole and not (kind is float and isinstance(value, float)):
            raise BadInput(f"{name} = {value!r} is no {'whole ' if kind is int else ''}number", f"Use {low} to {high}")
        if not low <= value <= high:
            raise BadInput(f"{name} = {value} is out of range", f"Use {low} to {high}")
        return kind(value)

    return check


def optional(check: Check) -> Check:
    """A check that lets None pass and asks ``check`` for the rest."""
    return lambda name, value: None if value is None else check(name, value)


def list_of(check: Check) -> Check:
    """A check of every entry of a list; gives a tuple."""

    def check_all(name: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise BadInput(f"{name} = {value!r} is no list", "Give a list in square brackets")
        return tuple(check(f"{name}[{place}]", entry) for place, entry in enumerate(value))

    return check_all


def mapping_of(check: Check) -> Check:
    """A check of every value of an object; gives a dict."""

    def check_all(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise BadInput(f"{name} = {value!r} is no object", "Give {...} with named values")
        return {str(key): check(f"{name}.{key}", entry) for key, entry in value.items()}

    return check_all


def anything(name: str, value: Any) -> Any:
    """No check here: someone later knows better."""
    return value


def names_among(known: Collection[str]) -> Check:
    """A check of a list of names that must all be among ``known``."""
    return list_of(one_of(*known))
