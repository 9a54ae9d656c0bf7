"""Telling a method which sources are functional, where it wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from MedFusionLib.fusion.inference import receptive_field
from MedFusionLib.fusion.method import Method


class WithRoles:
    """A method that is told with every call which of its sources are functional.

    After the sources may come three planes for each functional one, its red, green and blue.
    """

    def __init__(self, method: Method, functional: tuple[bool, ...]) -> None:
        self.card = method.card
        self.receptive_field = receptive_field(method)
        self._method, self._functional = method, functional

    def fuse(self, sources: Any, **masks: Any) -> Any:
        """As the method's own ``fuse``."""
        told: Any = self._method
        return told.fuse(sources, functional=self._functional, **masks)


def tell_roles(method: Method, functional: Sequence[bool]) -> Method:
    """``method``, which knows of each source whether it is ``functional``, if it uses roles."""
    return WithRoles(method, tuple(functional)) if method.card.uses_roles else method
