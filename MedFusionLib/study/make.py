"""Making a study: the page for the readers in one place, the key in another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from MedFusionLib.errors import BadInput
from MedFusionLib.outputs import check_file
from MedFusionLib.study import Case, Key
from MedFusionLib.study.design import draw
from MedFusionLib.study.key import write_key
from MedFusionLib.study.page import study_page


def check_places(page: Path, key: Path) -> None:
    """Raise ``BadInput`` now when the files cannot be written, or when the key would lie beside the page."""
    check_file(page, (".html",))
    check_file(key, (".json",))
    if page.absolute().parent == key.absolute().parent:
        raise BadInput(f"the key {key.name} would lie beside the page", "Put the key where readers do not look")


def make(cases: Sequence[Case], page: Path, key: Path, seed: int = 0, pairs: int = 30) -> Key:
    """Write the ``page`` that readers open and the ``key`` that they must not see; returns the key.

    Raises ``BadInput`` where ``check_places`` or ``design.draw`` does. Both files are written, or neither.
    """
    check_places(page, key)
    drawn = draw(cases, seed, pairs)
    text = study_page(cases, drawn)
    write_key(drawn, key)
    try:
        page.write_text(text, encoding="utf-8")
    except OSError:
        key.unlink()
        raise
    return drawn
