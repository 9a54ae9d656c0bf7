"""Windows as the user writes them: a name, or two numbers."""

from __future__ import annotations

import math
import re

from MedFusionLib.errors import BadInput
from MedFusionLib.intensity import WINDOWS
from MedFusionLib.recipe import WindowRecipe
from MedFusionLib.ui.translation import tr as _

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def parse_window(text: str, volume: str) -> WindowRecipe | None:
    """The window that ``text`` says for ``volume``: None for "", a name of ``WINDOWS``, or (lower, upper).

    Raises ``BadInput`` for anything else.
    """
    text = text.strip()
    if not text:
        return None
    if text in WINDOWS:
        return text
    numbers = [float(found) for found in _NUMBER.findall(text)]
    # "0 - 80" and "0-80" are ranges: a minus that follows a number is none of the second's.
    if len(numbers) == 2 and numbers[1] < 0 <= numbers[0]:
        numbers[1] = -numbers[1]
    rest = _NUMBER.sub("", text).strip(" ,;:-[]()")
    if rest or len(numbers) != 2 or not all(map(math.isfinite, numbers)) or not numbers[0] < numbers[1]:
        raise BadInput(_("window '{text}' for {volume} is not known").format(text=text, volume=volume),
                       _("Choose one of the list, or write lower and upper value, such as -160 240"))
    return (numbers[0], numbers[1])


def window_text(window: WindowRecipe | None) -> str:
    """``window`` as ``parse_window`` reads it."""
    if window is None:
        return ""
    return window if isinstance(window, str) else f"{window[0]:g} {window[1]:g}"
