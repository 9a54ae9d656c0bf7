"""The one interface of every fusion method, classical or learned."""

from __future__ import annotations

from typing import Any, Protocol

from MedFusionLib.fusion.card import Card


class Method(Protocol):
    """A way to fuse. ``fuse`` takes float32 ``(batch, source, *spatial)`` in [0, 1] and returns
    ``(batch, 1, *spatial)`` in [0, 1]: a numpy array for a numpy array, a torch tensor on the same
    device for a torch tensor.
    """

    card: Card

    def fuse(self, sources: Any) -> Any: ...
