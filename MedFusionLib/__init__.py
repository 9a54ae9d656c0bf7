"""MedFusion: medical image fusion. Research software, not a medical device.

The public names are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result, run
    from MedFusionLib.recipe import Recipe
    from MedFusionLib.volume import Volume

__version__ = "0.1.0"
__all__ = ["Recipe", "Result", "Volume", "run"]

_HOME = {"Volume": "volume", "Recipe": "recipe", "run": "pipeline", "Result": "pipeline"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'MedFusionLib' has no attribute '{name}'")
    return getattr(import_module(f"MedFusionLib.{_HOME[name]}"), name)
