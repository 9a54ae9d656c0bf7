"""The methods of a benchmark: each by its name, or with parameters, as in ``medfusion:detail=1``."""

from __future__ import annotations

from dataclasses import dataclass

from MedFusionLib.arguments import pairs
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.method import Method


@dataclass(frozen=True)
class Variant:
    """A loaded ``method`` and how a table calls it: ``name`` as it was asked for, ``title`` for people."""

    name: str
    title: str
    method: Method


def variant(asked: str) -> Variant:
    """The method that ``asked`` names: NAME, or NAME:PARAMETER=VALUE with as many parameters as wanted.

    Raises ``BadInput`` for an unknown method or parameter and for a value out of range.
    """
    name, *settings = asked.split(":")
    method = catalog.load(name, **pairs(settings, "parameters"))
    told = f" ({', '.join(settings)})" if settings else ""
    return Variant(asked, method.card.title + told, method)
