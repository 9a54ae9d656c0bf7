"""Reference rows: the copies, maximum and average, and maximum with noise, stretched or sharpened.

They stand in every table so that nobody fools himself: a figure that a probe raises can be raised for nothing, and a
method that does not beat the copies and the maximum has not earned its parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from MedFusionLib.fusion.base import NumpyMethod
from MedFusionLib.fusion.card import Card
from MedFusionLib.fusion.method import Method
from MedFusionLib.volume import Array

#: The row that methods are held against: no parameters, and as good as most networks on the field's own figures.
MAXIMUM = "reference maximum"
AVERAGE = "reference average"
_NOISE = 0.04
_SHARPEN = 1.0


class Reference(NumpyMethod):
    """A row made by ``rule`` from sources (batch, source, *spatial); it takes part in everything that a method does."""

    def __init__(self, card: Card, rule: Callable[[Array], Array]) -> None:
        super().__init__(card)
        self._rule = rule

    def _fuse(self, sources: Any) -> Any:
        return np.asarray(self._rule(sources), np.float32)[:, np.newaxis]


def references(sources: Sequence[str]) -> tuple[Method, ...]:
    """The reference rows for sources of these names: maximum, average, a copy of each source, and the three probes.

    A probe is the maximum with noise, stretched, or sharpened: tricks that must not be taken for quality.
    """
    copies = [
        (f"copy of {name}", f"{name} copied", lambda array, number=number: array[:, number])
        for number, name in enumerate(sources)
    ]
    rows = [
        (MAXIMUM, "Maximum of the sources", _maximum),
        (AVERAGE, "Average of the sources", lambda array: array.mean(axis=1)),
        *copies,
        ("probe noise", f"Maximum with Gaussian noise of {_NOISE:g}", _noisy),
        ("probe stretch", "Maximum stretched to its 1st and 99th percentile", _stretched),
        ("probe sharpen", "Maximum with an unsharp mask", _sharpened),
    ]
    return tuple(Reference(_card(name, title), rule) for name, title, rule in rows)


def _card(name: str, title: str) -> Card:
    return Card(name, title, "rule", "reference row", title, symmetric=not name.startswith("copy of"), workspace=4.0)


def _maximum(sources: Array) -> Array:
    return np.asarray(sources.max(axis=1))


def _noisy(sources: Array) -> Array:
    """The same noise in every run; black stays black, as noise on a black background would be seen at once."""
    fused = _maximum(sources)
    noise = np.random.default_rng(0).normal(0.0, _NOISE, fused.shape)
    return np.asarray(np.where(fused > 0, fused + noise, 0.0))


def _stretched(sources: Array) -> Array:
    """Each item so that the 1st and 99th percentile of what is not black become 0 and 1."""
    fused = _maximum(sources)
    return np.stack([_stretch(item) for item in fused])


def _stretch(item: Array) -> Array:
    shown = item[item > 0]
    if shown.size == 0:
        return item
    low, high = np.percentile(shown, (1.0, 99.0))
    return np.asarray((item - low) / max(float(high - low), 1.0 / 255.0))


def _sharpened(sources: Array) -> Array:
    from scipy.ndimage import gaussian_filter

    fused = _maximum(sources)
    blurred = gaussian_filter(fused, (0.0, *(1.5,) * (fused.ndim - 1)), mode="nearest")
    return np.asarray(fused + _SHARPEN * (fused - blurred))
