"""One line of a comparison: a method, a reference row or a picture made elsewhere, with all its figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from MedFusionLib.faithfulness.assess import assess
from MedFusionLib.faithfulness.subject import Subject
from MedFusionLib.fusion.method import Method
from MedFusionLib.layers import Layer, Tone, combine, fuse_tone, put_colour_back
from MedFusionLib.measure import measure
from MedFusionLib.volume import Array

#: A method of the catalog, a reference row that nobody should be proud to beat, or a picture made elsewhere.
Kind = Literal["method", "reference", "given"]


@dataclass(frozen=True, eq=False)
class Setting:
    """What all lines of a table share: what is fused, and how it is fused and measured.

    ``on_luma``: metrics are of the fused luma in 8 bits, as papers take them and as pictures made elsewhere are, not
    of the luma of the 8-bit RGB.
    """

    subject: Subject
    metrics: tuple[str, ...]
    plane: str | None = None
    on_luma: bool = False

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers that are fused."""
        return self.subject.layers


@dataclass(frozen=True, eq=False)
class Score:
    """A fused image (float grey in [0, 1], or 8-bit RGB) with its figures; ``seconds`` to fuse once, NaN if unknown."""

    name: str
    title: str
    kind: Kind
    fused: Array
    figures: dict[str, float]
    seconds: float


def score_method(
    method: Method, setting: Setting, kind: Kind = "method", made: tuple[Array, dict[str, float]] | None = None
) -> Score:
    """Fuse with ``method``, measure, and fuse again with planted structures.

    ``made`` is the fused image with its metrics, where they are already there. ``seconds`` is the mean of all fusions.
    """
    seconds: list[float] = []

    def fuse(layers: Sequence[Layer]) -> Array:
        started = time.perf_counter()
        fused = combine(method, layers, setting.plane)
        seconds.append(time.perf_counter() - started)
        return fused

    if made is None:
        tone = fuse_tone(method, setting.layers, setting.plane)
        fused = put_colour_back(tone, setting.layers)
        made = fused, _measure(fused, tone.luma, setting)
    fused, metrics = made
    figures = {**metrics, **assess(fused, setting.subject, fuse)}
    mean = sum(seconds) / len(seconds) if seconds else float("nan")
    return Score(method.card.name, method.card.title, kind, fused, figures, mean)


def score_given(name: str, picture: Array | Tone, setting: Setting) -> Score:
    """The figures of a fused ``picture`` made elsewhere; it cannot be fused again, so it has no retention.

    Float grey in [0, 1], alone or with the strength of colour, or 8-bit RGB; grey is taken for the luma where a layer
    has colour, and gets its chroma.
    """
    if isinstance(picture, Tone) or picture.dtype != np.uint8:
        tone = picture if isinstance(picture, Tone) else Tone(picture)
        fused = put_colour_back(tone, setting.layers)
        figures = _measure(fused, tone.luma, setting)
    else:
        fused, figures = picture, _measure(picture, None, setting)
    figures.update(assess(fused, setting.subject))
    return Score(name, name, "given", fused, figures, float("nan"))


def _measure(fused: Array, grey: Array | None, setting: Setting) -> dict[str, float]:
    luma = None
    if setting.on_luma and grey is not None:
        luma = np.asarray(np.round(grey * 255.0) / 255.0, np.float32)
    return measure(fused, setting.layers, setting.metrics, setting.subject.spacing, luma)
