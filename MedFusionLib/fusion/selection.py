"""How the bands of several sources become one band: the low and high band rules of every transform.

Bands are ``(batch, source, *spatial)``, numpy or torch, real or (high bands) complex; the fused band is
``(batch, 1, *spatial)``. Where sources tie, the mean of the tied ones is taken, so that the order of the
sources never matters: |a| = |b| with opposite signs gives 0, not whichever came first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.errors import BadInput
from MedFusionLib.fusion.card import Parameter
from MedFusionLib.fusion.filters import box_mean

Rule = Callable[[Any], Any]


def select_strongest(bands: Any, activity: Any) -> Any:
    """Each voxel from the source with the greatest real ``activity``; the mean of the tied ones."""
    xp = array_namespace(bands)
    best = xp.max(activity, axis=1)
    total = xp.zeros_like(bands[:, 0])
    count = xp.zeros_like(activity[:, 0])
    for source in range(bands.shape[1]):
        chosen = xp.astype(activity[:, source] == best, activity.dtype)
        total += chosen * bands[:, source]
        count += chosen
    total /= count
    return total[:, None]


def _average(bands: Any) -> Any:
    return array_namespace(bands).mean(bands, axis=1, keepdims=True)


def _maximum(bands: Any) -> Any:
    return array_namespace(bands).max(bands, axis=1, keepdims=True)


def _max_abs(bands: Any) -> Any:
    return select_strongest(bands, array_namespace(bands).abs(bands))


def _energy(bands: Any) -> Any:
    """The source with the greatest energy in the 3 x 3 (x 3) neighbourhood (Burt and Kolczynski 1993)."""
    magnitude = array_namespace(bands).abs(bands)
    return select_strongest(bands, box_mean(magnitude * magnitude, radius=1))


LOW_RULES: dict[str, Rule] = {"average": _average, "maximum": _maximum, "energy": _energy}
HIGH_RULES: dict[str, Rule] = {"max-abs": _max_abs, "energy": _energy, "average": _average}


def fuse_low(bands: Any, rule: str) -> Any:
    """The fused low band by "average", "maximum" (the greatest value) or "energy" (local energy)."""
    return _rule(LOW_RULES, "low", rule)(bands)


def fuse_high(bands: Any, rule: str) -> Any:
    """The fused high band by "max-abs" (the greatest magnitude), "energy" (local energy) or "average"."""
    return _rule(HIGH_RULES, "high", rule)(bands)


def _rule(rules: dict[str, Rule], band: str, name: str) -> Rule:
    if name not in rules:
        raise BadInput(f"unknown {band} band rule '{name}'", f"Use one of {', '.join(rules)}")
    return rules[name]


def low_parameter(default: str) -> Parameter:
    """The parameter ``low`` of a multiscale card."""
    return Parameter("low", default, "How the low bands are fused: mean, greatest value, or local energy",
                     choices=tuple(LOW_RULES))


def high_parameter(default: str) -> Parameter:
    """The parameter ``high`` of a multiscale card."""
    return Parameter("high", default, "How the detail bands are fused: greatest magnitude, local energy, "
                     "or mean", choices=tuple(HIGH_RULES))
