"""The card of a model: what its weights are, what they were trained on and how, and the hash that they must have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from MedFusionLib.errors import BadInput
from MedFusionLib.fields import anything, check_fields, list_of, mapping_of, number, one_of, text

FORMAT = 1
_MEND = "Take the weights and their card again from where they come"


@dataclass(frozen=True)
class ModelCard:
    """A model's card, the JSON file beside its weights.

    ``network`` and ``options`` are those of a row of the networks' catalog, ``sha256`` is that of the weights' file
    and ``parameters`` the count of learned numbers. ``data`` names each data set with its terms of use, ``splits``
    the series of training, validation and test, ``figures`` what was measured, ``recipe`` the file of the training
    recipe, ``hardware`` and ``seconds`` what the training took, ``seed`` what its chance was drawn from, and
    ``started_from`` the weights that were tuned ("" for none).
    """

    name: str
    network: str
    sha256: str
    parameters: int
    options: Mapping[str, Any] = field(default_factory=dict)
    data: tuple[Mapping[str, str], ...] = ()
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    recipe: str = ""
    hardware: str = ""
    seconds: float = 0.0
    seed: int = 0
    started_from: str = ""

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """The card in the file ``path``; raises ``BadInput`` when it is missing or is no card."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BadInput(f"the weights have no card {path.name} beside them", _MEND) from None
        except (OSError, UnicodeDecodeError, ValueError, RecursionError):
            raise BadInput(f"the card {path.name} cannot be read as JSON", _MEND) from None
        given = check_fields(data, {"format": one_of(FORMAT), **_CHECKS}, f"card {path.name}")
        given.pop("format", None)
        for name in ("name", "network", "sha256", "parameters"):
            if name not in given:
                raise BadInput(f"the card {path.name} does not say its {name}", _MEND)
        return cls(**given)

    def to_json(self) -> str:
        """The card as JSON text that ``read`` takes back."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def _digest(name: str, value: Any) -> str:
    """A SHA-256 in hexadecimal."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise BadInput(f"{name} = {value!r} is no SHA-256", _MEND)
    return value


_CHECKS = {
    "name": text,
    "network": text,
    "options": mapping_of(anything),
    "sha256": _digest,
    "parameters": number(1, 10**10, int),
    "data": list_of(mapping_of(text)),
    "splits": mapping_of(list_of(text)),
    "figures": mapping_of(anything),
    "recipe": text,
    "hardware": text,
    "seconds": number(0, 1e9),
    "seed": number(0, 2**31 - 1, int),
    "started_from": text,
}
