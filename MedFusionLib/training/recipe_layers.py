"""A training recipe's file, which may name another as its base and hold only what it changes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from MedFusionLib.errors import BadInput
from MedFusionLib.files import locate

BASE = "base"


def read_layers(path: str | Path, above: tuple[Path, ...] = ()) -> Any:
    """What the file ``path`` says, with what its bases say and it does not.

    ``"base"`` names a file beside it. What this file says is merged into it as RFC 7396 has it (mappings key by key,
    null takes a key away, anything else stands in place of the base's), and data sets are merged by their names.
    ``above`` are the files that this one is the base of. Raises ``BadInput`` for a file that cannot be read and for
    one that is its own base.
    """
    file = locate(path)
    if file.resolve() in above:
        raise BadInput(f"training recipe {file.name} is its own base", "Let one of its bases stand alone")
    said = _json(file)
    if not isinstance(said, Mapping) or BASE not in said:
        return said
    if not isinstance(said[BASE], str):
        raise BadInput(f"training recipe {file.name}: base = {said[BASE]!r}", "Give the name of a file beside it")
    own = {name: value for name, value in said.items() if name != BASE}
    below = read_layers(file.parent / said[BASE], (*above, file.resolve()))
    return _merged(below, own)


def _merged(below: Any, own: Any) -> Any:
    """``own`` over ``below``."""
    if _is_named(below) and _is_named(own):
        entries = {entry["name"]: entry for entry in below}
        return [*{**entries, **{entry["name"]: _merged(entries.get(entry["name"]), entry) for entry in own}}.values()]
    if not isinstance(own, Mapping):
        return own
    under = below if isinstance(below, Mapping) else {}
    both = {**under, **{name: _merged(under.get(name), value) for name, value in own.items()}}
    return {name: value for name, value in both.items() if value is not None}


def _is_named(value: Any) -> bool:
    """Whether ``value`` is a list of mappings that each have a name, as data sets do."""
    entries = value if isinstance(value, list) else []
    return bool(entries) and all(isinstance(entry, Mapping) and "name" in entry for entry in entries)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, IsADirectoryError):
        raise BadInput(f"training recipe {file.name} is not text", "Give the path of a JSON file") from None
    except json.JSONDecodeError as error:
        raise BadInput(f"training recipe {file.name} is not JSON: {error.msg} in line {error.lineno}",
                       "Mend that line") from None
