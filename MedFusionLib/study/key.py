"""The key of a study as a file, and the readers' answers as they come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from MedFusionLib.errors import BadInput
from MedFusionLib.study import CRITERIA, FORMAT, Choice, Item, Key


@dataclass(frozen=True)
class Answers:
    """One reader's answers: scores by item and criterion, and by choice which side was taken ("left" or "right")."""

    reader: str
    scores: dict[str, dict[str, int]]
    choices: dict[str, str]


def write_key(key: Key, path: Path) -> None:
    """Write ``key`` as JSON."""
    path.write_text(json.dumps({"format": FORMAT, **asdict(key)}, indent=1, ensure_ascii=False) + "\n", "utf-8")


def read_key(path: Path) -> Key:
    """The key in the file ``path``; raises ``BadInput`` when it holds none."""
    data = _load(path)
    try:
        items = tuple(Item(**item) for item in data["items"])
        choices = tuple(Choice(**choice) for choice in data["choices"])
        return Key(str(data["study"]), int(data["seed"]), items, choices)
    except (KeyError, TypeError, ValueError):
        raise BadInput(f"{path.name} is no key of a study", "Give the file that 'study make' wrote as --key") from None


def read_answers(path: Path, key: Key) -> Answers:
    """A reader's answers in the file ``path``; raises ``BadInput`` for another study's or for scores out of range."""
    data = _load(path)
    try:
        study, reader = str(data["study"]), str(data["reader"]).strip()
        scores = {str(item): dict(given) for item, given in data["scores"].items()}
        choices = {str(choice): str(side) for choice, side in data["choices"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadInput(f"{path.name} holds no answers", "Give the files that readers saved from the page") from None
    if study != key.study:
        raise BadInput(f"{path.name} answers study {study}, the key is of {key.study}", "Give the key of that study")
    _check(path.name, key, scores, choices)
    return Answers(reader or path.stem, scores, choices)


def _check(name: str, key: Key, scores: Mapping[str, Mapping[str, Any]], choices: Mapping[str, str]) -> None:
    items = {item.identity for item in key.items}
    for item, given in scores.items():
        if item not in items:
            raise BadInput(f"{name} scores '{item}', which the study has not", "Give this study's answers")
        for criterion, score in given.items():
            if criterion not in CRITERIA or type(score) is not int or not 1 <= score <= 5:
                raise BadInput(f"{name}: {criterion} of {item} is {score!r}", "Scores are whole numbers from 1 to 5")
    known = {choice.identity for choice in key.choices}
    for choice, side in choices.items():
        if choice not in known or side not in ("left", "right"):
            raise BadInput(f"{name}: choice {choice} is '{side}'", "Choices are left or right, of this study's pairs")


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BadInput(f"{path} cannot be read as JSON", "Give a JSON file") from None
