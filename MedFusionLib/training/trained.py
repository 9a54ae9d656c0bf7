"""What a training gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from MedFusionLib.models.card import ModelCard


@dataclass(frozen=True)
class Trained:
    """The weights' file with its card, and what happened on the way.

    ``history`` has one entry for each judgement: step, seconds, the learning losses since the one before ("train") and
    those on the validation pictures ("validation").
    """

    weights: Path
    card: ModelCard
    history: tuple[dict[str, Any], ...]
