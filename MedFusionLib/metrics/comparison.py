"""What every metric looks at: a fused batch beside its sources, and what the metrics of one call share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from MedFusionLib.errors import BadInput
from MedFusionLib.metrics.batch import check, masked_mean, weights

Made = TypeVar("Made")


class Comparison:
    """Fused and sources in float64, the mask as weights, and a memory of costly intermediate results.

    ``fused`` is (batch, *spatial), ``sources`` a list of as many arrays as sources, ``weight`` None without a mask,
    else float64 ones and zeros. ``spacing`` is in mm along the spatial axes, in their order; None: all alike.
    Raises ``BadInput`` when shapes do not fit, a mask is empty or a spacing is not positive.
    """

    def __init__(self, fused: Any, sources: Any, mask: Any = None, spacing: Sequence[float] | None = None) -> None:
        self.xp = check(fused, sources, mask)
        self.fused = self.xp.astype(fused, self.xp.float64)
        self.sources = [self.xp.astype(sources[:, i, ...], self.xp.float64) for i in range(sources.shape[1])]
        self.weight = None if mask is None else weights(self.xp, fused, mask)
        self.steps = _relative(spacing, len(fused.shape) - 1)
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What ``make()`` gives, made once a ``key``; every metric of the call sees the same object."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]  # type: ignore[no-any-return]

    def forget(self) -> None:
        """Drop the intermediate results: their memory is many times that of the pictures."""
        self._made.clear()

    @property
    def axes(self) -> tuple[int, ...]:
        """The spatial axes of fused and of each source."""
        return tuple(range(1, len(self.fused.shape)))

    def mean(self, values: Any, inner: tuple[slice, ...] | None = None) -> Any:
        """The mean over space of ``values`` within the mask; ``inner`` is the part of the picture they cover."""
        if self.weight is None:
            return self.xp.mean(values, axis=self.axes)
        return masked_mean(self.xp, values, self.weight if inner is None else self.weight[(slice(None), *inner)])

    def sum(self, values: Any) -> Any:
        """The sum over space of ``values`` within the mask."""
        return self.xp.sum(values if self.weight is None else values * self.weight, axis=self.axes)

    def total_weight(self) -> Any:
        """The mask as weights; ones without a mask."""
        return self.xp.ones_like(self.fused) if self.weight is None else self.weight


def compare(fused: Any, sources: Any, mask: Any, spacing: Any, shared: Comparison | None) -> Comparison:
    """``shared`` where the caller measures many figures of the same pictures, else a comparison of its own."""
    return shared or Comparison(fused, sources, mask, spacing)


def quotient(xp: Any, above: Any, below: Any, otherwise: Any = 0.0) -> Any:
    """``above / below``, and ``otherwise`` where ``below`` is 0."""
    empty = below == 0
    if not xp.any(empty):
        return above / below
    ratio = above / xp.where(empty, xp.ones_like(below), below)
    return xp.where(empty, xp.ones_like(ratio) * otherwise, ratio)


def _relative(spacing: Sequence[float] | None, dimensions: int) -> tuple[float, ...]:
    """The spacing along each axis as a multiple of the finest."""
    if spacing is None:
        return (1.0,) * dimensions
    if len(spacing) != dimensions or min(spacing) <= 0:
        raise BadInput(f"spacing {tuple(spacing)} for {dimensions} dimensions", "Give a positive number an axis")
    return tuple(float(step) / min(spacing) for step in spacing)
