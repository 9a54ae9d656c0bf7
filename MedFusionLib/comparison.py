"""Comparison: several methods on the same aligned sources, with reference rows, figures and ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from MedFusionLib.cuts import layers_of
from MedFusionLib.door import check_mask
from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness import figure, headline_of
from MedFusionLib.faithfulness.probes import references
from MedFusionLib.faithfulness.subject import Subject
from MedFusionLib.metrics import metric_names
from MedFusionLib.pipeline import Result, load_method
from MedFusionLib.pipeline import compare as fuse_with_each
from MedFusionLib.progress import Progress, silent, within
from MedFusionLib.recipe import Recipe
from MedFusionLib.scoring import Kind, Score, Setting, score_method
from MedFusionLib.volume import Array, Volume


@dataclass(frozen=True)
class Row:
    """One line of the table. ``ranks`` are 1 for the best method; reference rows have none."""

    name: str
    title: str
    kind: Kind
    figures: dict[str, float]
    ranks: dict[str, float]
    seconds: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """What ``compare`` gives back.

    ``result`` is the run with one fusion for each method; ``rows`` the table, methods first, references last;
    ``figures`` the names of its columns, ``headline`` those that count most (see ``faithfulness.figure`` for what
    each means); ``fused`` the fused image of every row by its name, float grey in [0, 1] or 8-bit RGB.
    ``functional`` is true where a source has colour.
    """

    result: Result
    rows: tuple[Row, ...]
    figures: tuple[str, ...]
    headline: tuple[str, ...]
    functional: bool
    fused: dict[str, Array]


def compare(
    volumes: Sequence[Volume],
    methods: Sequence[str],
    recipe: Recipe | None = None,
    lesion: Volume | None = None,
    progress: Progress = silent,
) -> Comparison:
    """Align ``volumes`` once, fuse them with each of ``methods``, and judge each beside the reference rows.

    Figures are the recipe's metrics, the panel, and faithfulness; ``lesion`` is a mask (non-zero: inside) on the fixed
    volume's grid. All volumes are fused together. Raises as ``pipeline.compare``, and ``BadInput`` for a recipe with
    several combinations, or a lesion that is empty or on another grid.
    """
    recipe = recipe or Recipe()
    if len(recipe.combinations) > 1:
        raise BadInput(f"{len(recipe.combinations)} combinations to compare", "Compare one combination at a time")
    if lesion is not None:
        check_mask(lesion, volumes[0])
    recipe = replace(recipe, metrics=metric_names((*recipe.metrics, "panel", "nabf")))
    result = fuse_with_each(volumes, methods, recipe, within(progress, "fuse", 0.0, 0.5))
    setting = _setting(result, lesion)
    scores = list(_scores(result, setting, within(progress, "measure", 0.5, 1.0)))
    figures = tuple(dict.fromkeys(name for score in scores for name in score.figures))
    return Comparison(
        result=result,
        rows=rank(scores, figures),
        figures=figures,
        headline=tuple(name for name in headline_of(setting.subject.functional) if name in figures),
        functional=setting.subject.functional,
        fused={score.name: score.fused for score in scores},
    )


def rank(scores: Sequence[Score], figures: Sequence[str]) -> tuple[Row, ...]:
    """The rows of ``scores``, methods ranked figure by figure: 1 is best, equals share the mean of their places.

    Reference rows take no place, nor does a method whose figure is NaN; figures without a better way have no ranks.
    """
    from scipy.stats import rankdata

    ranks: dict[str, dict[str, float]] = {score.name: {} for score in scores}
    for name in figures:
        sign = {"higher": -1.0, "lower": 1.0, "context": 0.0}[figure(name).direction]
        known = [score for score in scores if score.kind == "method" and np.isfinite(score.figures.get(name, np.nan))]
        if sign and known:
            places = rankdata([sign * score.figures[name] for score in known])
            for score, place in zip(known, places, strict=True):
                ranks[score.name][name] = float(place)
    return tuple(
        Row(score.name, score.title, score.kind, score.figures, ranks[score.name], score.seconds) for score in scores
    )


def _setting(result: Result, lesion: Volume | None) -> Setting:
    layers = layers_of(result)
    subject = Subject(
        layers=tuple(layers[position] for position in result.fusions[-1].sources),
        spacing=tuple(float(step) for step in result.sources[0].image.GetSpacing()[::-1]),
        lesion=None if lesion is None else lesion.array != 0,
    )
    return Setting(subject, tuple(result.recipe.metrics), result.recipe.plane)


def _scores(result: Result, setting: Setting, progress: Progress) -> Iterator[Score]:
    """The methods in the order of the run, then the reference rows."""
    rows = references([layer.name for layer in setting.layers])
    count = len(result.fusions) + len(rows)
    for number, fusion in enumerate(result.fusions):
        progress("measure", number / count, fusion.method)
        made = fusion.volume.array, fusion.metrics
        yield score_method(load_method(fusion.method, result.recipe), setting, "method", made)
    for number, reference in enumerate(rows, len(result.fusions)):
        progress("measure", number / count, reference.card.name)
        yield score_method(reference, setting, "reference")
