"""The catalog of fusion methods.

A method enters it by being in a module of ``MedFusionLib.fusion`` that declares ``ENTRIES``, a tuple of
:class:`~MedFusionLib.fusion.card.Entry`; nothing else is to be edited. Such a module imports heavy packages
(PyWavelets, torch) only inside functions, so that the cards can be listed at once.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, cast

from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.fusion.card import Card, Entry
from MedFusionLib.fusion.method import Method

_PACKAGE = "MedFusionLib.fusion"
_FAMILIES = ("rule", "multiscale", "sparse", "cnn", "gan", "transformer")


@cache
def _entries() -> dict[str, Entry]:
    """Every entry by name, ordered by family and then by name."""
    found: list[Entry] = []
    for module in iter_modules(import_module(_PACKAGE).__path__, f"{_PACKAGE}."):
        found.extend(getattr(import_module(module.name), "ENTRIES", ()))
    found.sort(key=lambda entry: (_FAMILIES.index(entry.card.family), entry.card.name))
    entries = {entry.card.name: entry for entry in found}
    if len(entries) != len(found):
        names = [entry.card.name for entry in found]
        raise ValueError(f"methods declared twice: {sorted({n for n in names if names.count(n) > 1})}")
    return entries


def _entry(name: str) -> Entry:
    entries = _entries()
    if name not in entries:
        close = get_close_matches(name, entries, n=1, cutoff=0.5)
        hint = f"Did you mean '{close[0]}'? " if close else ""
        raise BadInput(f"unknown fusion method '{name}'", f"{hint}Known are {', '.join(entries)}")
    return entries[name]


def names() -> tuple[str, ...]:
    """The names of all methods, by family."""
    return tuple(_entries())


def cards() -> tuple[Card, ...]:
    """The cards of all methods, by family."""
    return tuple(entry.card for entry in _entries().values())


def card(name: str) -> Card:
    """The card of method ``name``; raises ``BadInput`` with the known names and the closest one."""
    return _entry(name).card


def missing_packages(card: Card) -> list[str]:
    """The packages that the method of ``card`` requires and that are not installed."""
    return [package for package in card.requires if find_spec(package) is None]


def can_run(card: Card) -> bool:
    """Whether the method of ``card`` can run here: its packages are installed, and it is no network without weights."""
    return card.trained is not False and not missing_packages(card)


def load(name: str, **parameters: Any) -> Method:
    """The method ``name``, ready to fuse, with ``parameters`` checked and the others at their defaults.

    Raises ``BadInput`` for an unknown name or parameter, a value out of range and a network that is not trained,
    and ``MissingDependency`` when a package that the card requires is not installed.
    """
    entry = _entry(name)
    settled = entry.card.settle(parameters)
    missing = missing_packages(entry.card)
    if missing:
        raise MissingDependency(f"method {name} needs {', '.join(missing)}, not installed",
                                "Install it, or choose another method (see `medfusion methods`)")
    module, attribute = entry.home.split(":")
    return cast(Method, getattr(import_module(module), attribute)(entry.card, **settled))
