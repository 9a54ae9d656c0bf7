"""Where weights lie: those that come with the library, and those of the user, which go first."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from MedFusionLib.errors import BadInput
from MedFusionLib.resources import resource

#: The environment variable that names the user's folder of weights.
VARIABLE = "MEDFUSION_MODELS"
SUFFIX = ".safetensors"


def folders() -> tuple[Path, ...]:
    """The folders that are searched, in this order; those that do not exist are left out."""
    own = os.environ.get(VARIABLE, "")
    places = [Path(own) if own else Path.home() / ".medfusion" / "Models"]
    with suppress(BadInput):
        places.append(resource("Models"))
    return tuple(place for place in places if place.is_dir())


def find(name: str) -> Path | None:
    """The weights' file of network ``name``; None where there is none, because it is not trained."""
    candidates = (folder / f"{name}{SUFFIX}" for folder in folders())
    return next((file for file in candidates if file.is_file()), None)


def card_of(weights: Path) -> Path:
    """The place of the card of a weights' file: beside it, as JSON."""
    return weights.with_suffix(".json")
