"""The function that translates what the user reads: Slicer's own, or none outside of Slicer."""

from __future__ import annotations

from collections.abc import Callable


def _as_it_is(text: str) -> str:
    return text


try:
    from slicer.i18n import tr as _translator
except ImportError:
    _translator = _as_it_is

# Slicer's function looks at its caller's file for the context: it must be called itself, not through another.
tr: Callable[[str], str] = _translator
