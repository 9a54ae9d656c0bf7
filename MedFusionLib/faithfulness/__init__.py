"""Faithfulness: what of the sources can still be seen in a fused image, and what is there that no source has.

One idea a file: retention of planted structures, invention, recoverability of each source, contrast of a lesion, and
the probes that show what a figure can be fooled by. The table lists the figures that come of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One row of the table: what the figure is called, which way is better, and what it means in one line."""

    name: str
    title: str
    unit: str
    direction: Literal["higher", "lower", "context"]
    meaning: str


FIGURES: dict[str, Figure] = {
    entry.name: entry
    for entry in (
        Figure("recoverability", "Recoverability, worse source", "", "higher",
               "R2 with which the worse source is predicted from the fused image; copying or washing out one loses"),
        Figure("retention", "Retention, worse source", "", "higher",
               "Part of the contrast-to-noise ratio that small structures planted into one source keep"),
        Figure("retention_hot", "Retention in hot regions", "", "higher",
               "The same for anatomical structures planted where the functional source is bright"),
        Figure("invention", "Invention", "", "lower",
               "Part of the image whose contrast or edges are in neither source"),
        Figure("lesion_contrast", "Lesion contrast", "", "higher",
               "Contrast-to-noise ratio of the lesion in the fused image over that in the best source"),
        Figure("hue_error", "Hue error", "degree", "lower",
               "Mean difference of hue from the functional source where that is bright"),
        Figure("chroma_error", "Chroma error", "CIELAB", "lower",
               "Mean difference of chroma from the functional source where that is bright"),
    )
}


def figure(name: str) -> Figure:
    """The row of ``name``, also for a figure "of" one source: "recoverability of MR" is in the row recoverability."""
    from MedFusionLib.metrics import COLOUR_METRICS, METRICS, VOLUME_METRICS

    stem, _, source = name.partition(" of ")
    if stem in FIGURES:
        row = FIGURES[stem]
        title = f"{row.title.partition(',')[0]} of {source}" if source else row.title
        return Figure(name, title, row.unit, row.direction, row.meaning)
    metric = {**METRICS, **VOLUME_METRICS, **COLOUR_METRICS}[stem]
    return Figure(name, metric.title, metric.unit, metric.direction, f"Fooled by {metric.fooled_by}")


#: For functional sources the luma panel misleads: washed-out colour and lost anatomy are not seen on luma.
_FUNCTIONAL_HEADLINE = ("recoverability", "retention_hot", "hue_error", "chroma_error")


def headline_of(functional: bool) -> tuple[str, ...]:
    """The figures that count most: the panel; before it, where a source is functional, what the panel does not see."""
    from MedFusionLib.metrics import METRIC_SETS

    return (*_FUNCTIONAL_HEADLINE, *METRIC_SETS["panel"]) if functional else METRIC_SETS["panel"]
