"""Turning weights or activities into a fused picture, and checking weights that a user gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.errors import BadInput

# Added to every activity: where no source has any, all count the same.
_FLOOR = 1e-6


def blend(sources: Any, activity: Any) -> Any:
    """The mean of ``sources`` weighted by ``activity`` (not negative, same shape) at each voxel."""
    xp = array_namespace(sources)
    weights = activity + _FLOOR
    return xp.sum(weights * sources, axis=1, keepdims=True) / xp.sum(weights, axis=1, keepdims=True)


def parse_weights(given: str | float | Sequence[float]) -> tuple[float, ...]:
    """``given`` ("0.3, 0.7" or numbers) as weights; raises ``BadInput`` when one is below 0 or all are 0."""
    try:
        parts = given.replace(",", " ").split() if isinstance(given, str) else given
        weights = tuple(float(part) for part in (parts if isinstance(parts, Sequence) else [parts]))
    except (TypeError, ValueError):
        raise BadInput(f"weights {given!r} are not numbers",
                       "Give one for each source, such as 0.3,0.7") from None
    if weights and not (all(weight >= 0 for weight in weights) and 0 < sum(weights) < float("inf")):
        raise BadInput(f"weights {given!r} must be 0 or more, and one above 0",
                       "Give one for each source, such as 0.3,0.7")
    return weights


def check_count(weights: tuple[float, ...], count: int) -> None:
    """Raise ``BadInput`` unless there are ``count`` weights."""
    if len(weights) != count:
        raise BadInput(f"{len(weights)} weights for {count} sources", "Give one weight for each source")
