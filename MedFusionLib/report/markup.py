"""HTML as nested elements, in which every text is escaped."""

from __future__ import annotations

import html
from typing import Any

_VOID = frozenset({"br", "img", "input", "meta"})


class Markup(str):
    """Text that is HTML already and goes into an element as it is."""

    __slots__ = ()


def element(tag: str, *children: Any, **attributes: Any) -> Markup:
    """The element ``tag`` with ``attributes`` around ``children``.

    Children are Markup, texts or numbers (escaped), lists of these, or None (left out). An attribute that is None or
    False is left out, True stands without value; a trailing underscore of its name is dropped (``class_``) and the
    others become hyphens (``aria_label``).
    """
    opening = "".join([tag, *(_attribute(name, value) for name, value in attributes.items())])
    if tag in _VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{join(children)}</{tag}>")


def join(children: Any) -> Markup:
    """``children`` (as in ``element``) one after the other."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, (list, tuple)):
        return Markup("".join(join(child) for child in children))
    return Markup(html.escape(str(children)))


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
