"""What every classical method shares: the check of its input, numpy or torch, and the clip to [0, 1]."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from MedFusionLib.arrays import array_namespace, device, is_numpy_array
from MedFusionLib.errors import BadInput
from MedFusionLib.fusion.card import Card


def check_sources(card: Card, sources: Any) -> None:
    """Raise ``BadInput`` unless ``sources`` is ``(batch, source, *spatial)`` as ``card`` takes it."""
    dimension = len(sources.shape) - 2
    if dimension not in card.dimensions:
        takes = " or ".join(f"{d}-D" for d in card.dimensions)
        raise BadInput(f"method {card.name} takes {takes} sources (batch, source, *spatial), "
                       f"not an array of shape {tuple(sources.shape)}",
                       "Add the axes of batch and source, or choose another plane")
    least, most = card.sources
    count = sources.shape[1]
    if count < least or (most is not None and count > most):
        takes = f"{least} or more" if most is None else f"{least} to {most}" if most > least else f"{least}"
        raise BadInput(f"method {card.name} takes {takes} sources, not {count}", "Choose another method")


class ArrayMethod(ABC):
    """A method written in the Array API standard: it runs on numpy arrays and torch tensors alike.

    ``_fuse`` gets checked sources ``(batch, source, *spatial)`` and returns ``(batch, 1, *spatial)``.
    """

    def __init__(self, card: Card) -> None:
        self.card = card

    def fuse(self, sources: Any) -> Any:
        """Fuse ``(batch, source, *spatial)`` in [0, 1] to ``(batch, 1, *spatial)`` in [0, 1]."""
        check_sources(self.card, sources)
        xp = array_namespace(sources)
        return xp.clip(self._fuse(sources), 0.0, 1.0)

    @abstractmethod
    def _fuse(self, sources: Any) -> Any: ...


class NumpyMethod(ArrayMethod):
    """A method whose transform exists for numpy alone: tensors are converted, and the result back."""

    def fuse(self, sources: Any) -> Any:
        """Fuse ``(batch, source, *spatial)`` in [0, 1] to ``(batch, 1, *spatial)`` in [0, 1]."""
        if is_numpy_array(sources):
            return super().fuse(sources)
        xp = array_namespace(sources)
        on_host = np.asarray(sources.detach().cpu() if hasattr(sources, "detach") else sources)
        return xp.asarray(super().fuse(on_host), device=device(sources))
