"""Trained weights: where they lie, their cards, and reading them without ever running anything that they hold."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from MedFusionLib.models.places import SUFFIX, card_of, find

if TYPE_CHECKING:
    from MedFusionLib.models.card import ModelCard
    from MedFusionLib.models.weights import check, load, save

__all__ = ["SUFFIX", "ModelCard", "card_of", "check", "find", "load", "save"]

# Listing the methods asks only where weights lie; what reads them is imported when it is first used.
_LATER = {"ModelCard": "card", "check": "weights", "load": "weights", "save": "weights"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
