"""The weighted sum of several losses, which share their intermediate results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from MedFusionLib.errors import BadInput
from MedFusionLib.training.losses.table import LOSSES

if TYPE_CHECKING:
    from torch import Tensor

    from MedFusionLib.training.batch import Batch
    from MedFusionLib.training.losses.compared import Compared, Fuse


class Weighted:
    """The sum of losses times their weights; made by :func:`weighted`."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = dict(weights)
        self._losses: dict[str, Callable[[Compared], Tensor]] = {name: LOSSES[name].function for name in weights}

    def __call__(self, fused: Tensor, batch: Batch, fuse: Fuse | None = None) -> tuple[Tensor, dict[str, float]]:
        """The weighted sum, a scalar with gradients, and each loss by name, unweighted.

        ``fused`` is (batch, 1, *spatial) in float32. ``fuse`` makes of a batch what the network that is trained makes
        of it, with gradients; only losses whose entry ``needs`` the network call it.
        """
        from MedFusionLib.training.losses.compared import Compared

        it = Compared(fused, batch, fuse)
        lost = {name: loss(it) for name, loss in self._losses.items()}
        total = sum((self.weights[name] * value for name, value in lost.items()), fused.new_zeros(()))
        return total, {name: float(value.detach()) for name, value in lost.items()}


def weighted(weights: Mapping[str, float]) -> Weighted:
    """The sum of the losses ``weights`` names, each times its weight.

    Raises ``BadInput`` for a loss that is not known, for weights that are negative or not finite, and for none.
    """
    if not weights:
        raise BadInput("no losses", f"Give weights to some of {', '.join(LOSSES)}")
    for name, weight in weights.items():
        if name not in LOSSES:
            raise BadInput(f"loss '{name}' is not known", f"Use {', '.join(LOSSES)}")
        if not 0.0 <= weight < float("inf"):
            raise BadInput(f"weight {weight} of loss '{name}'", "Give a number from 0 up")
    return Weighted(weights)
