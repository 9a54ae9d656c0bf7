"""What the readers said: opinion scores, agreement, preferences, and how each metric goes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from MedFusionLib.errors import BadInput
from MedFusionLib.study import CRITERIA, Key
from MedFusionLib.study.agreement import Agreement, agreement
from MedFusionLib.study.key import Answers
from MedFusionLib.study.preference import bradley_terry, win_fractions
from MedFusionLib.volume import Array

_DRAWS = 2000
_PERMUTATIONS = 4999
#: The figures of methods, by (case, method); case "" where a figure is of the method in all cases.
Figures = Mapping[str, Mapping[tuple[str, str], float]]


@dataclass(frozen=True)
class Opinion:
    """A mean opinion score from 1 to 5, with its 95 % bootstrap interval over readers and cases."""

    mean: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Preference:
    """``won`` is the part of a method's forced choices that it won, ``ability`` its Bradley-Terry log-ability."""

    won: float
    ability: float
    choices: int


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation of a metric with the overall opinion over ``count`` pictures or methods.

    ``p`` is of the permutation test, two-sided; pictures of one case are taken as independent, which flatters it.
    """

    rho: float
    p: float
    count: int


@dataclass(frozen=True)
class Analysis:
    """What ``analyse`` gives back; ``opinions`` are by method and criterion, ``agreements`` by criterion."""

    readers: tuple[str, ...]
    methods: tuple[str, ...]
    opinions: dict[str, dict[str, Opinion]]
    agreements: dict[str, Agreement]
    preferences: dict[str, Preference]
    correlations: dict[str, Correlation]


def analyse(key: Key, answers: Sequence[Answers], figures: Figures | None = None, seed: int = 0) -> Analysis:
    """The study ``key`` as its readers answered it, with ``figures`` (by metric) held against the overall scores.

    Raises ``BadInput`` when there are no answers, or two of one reader.
    """
    readers = [given.reader for given in answers]
    if not readers or len(set(readers)) < len(readers):
        raise BadInput(f"answers of {', '.join(readers) or 'nobody'}", "Give one file of answers for each reader")
    scores = {criterion: _matrix(key, answers, criterion) for criterion in CRITERIA}
    return Analysis(
        readers=tuple(readers),
        methods=key.methods,
        opinions={
            method: {criterion: _opinion(key, scores[criterion], method, seed) for criterion in CRITERIA}
            for method in key.methods
        },
        agreements={criterion: agreement(scores[criterion]) for criterion in CRITERIA},
        preferences=_preferences(key, answers),
        correlations={name: _correlation(key, scores["overall"], values) for name, values in (figures or {}).items()},
    )


def _matrix(key: Key, answers: Sequence[Answers], criterion: str) -> Array:
    """Scores (item, reader) of one criterion; NaN where none was given."""
    return np.array(
        [[given.scores.get(item.identity, {}).get(criterion, np.nan) for given in answers] for item in key.items],
        float,
    )


def _opinion(key: Key, scores: Array, method: str, seed: int) -> Opinion:
    """Readers and cases are drawn again with replacement, since both stand for many more."""
    own = scores[[item.method == method for item in key.items]]
    random = np.random.default_rng(seed)
    rows = random.integers(0, own.shape[0], (_DRAWS, own.shape[0], 1))
    columns = random.integers(0, own.shape[1], (_DRAWS, 1, own.shape[1]))
    drawn = own[rows, columns]
    known = np.isfinite(drawn)
    counts = known.sum(axis=(1, 2))
    means = np.where(known, drawn, 0.0).sum(axis=(1, 2))[counts > 0] / counts[counts > 0]
    if not len(means):
        return Opinion(float("nan"), float("nan"), float("nan"))
    lower, upper = np.quantile(means, [0.025, 0.975])
    return Opinion(float(np.nanmean(own)), float(lower), float(upper))


def _preferences(key: Key, answers: Sequence[Answers]) -> dict[str, Preference]:
    place = {method: number for number, method in enumerate(key.methods)}
    wins = np.zeros((len(place), len(place)))
    for choice in key.choices:
        sides = {"left": (choice.left, choice.right), "right": (choice.right, choice.left)}
        for given in answers:
            if choice.identity in given.choices:
                winner, loser = sides[given.choices[choice.identity]]
                wins[place[winner], place[loser]] += 1
    won, ability, met = win_fractions(wins), bradley_terry(wins), wins.sum(axis=0) + wins.sum(axis=1)
    return {
        method: Preference(float(won[number]), float(ability[number] if met[number] else np.nan), int(met[number]))
        for method, number in place.items()
    }


def _correlation(key: Key, scores: Array, values: Mapping[tuple[str, str], float]) -> Correlation:
    """Over pictures where the metric is known case by case, else over methods."""
    opinions: dict[tuple[str, str], list[float]] = {}
    for item, given in zip(key.items, scores, strict=True):
        where = (item.case, item.method) if (item.case, item.method) in values else ("", item.method)
        opinions.setdefault(where, []).extend(given[np.isfinite(given)])
    pairs = [
        (values[where], float(np.mean(given)))
        for where, given in opinions.items()
        if given and np.isfinite(values.get(where, np.nan))
    ]
    if len(pairs) < 3:
        return Correlation(float("nan"), float("nan"), len(pairs))
    metric, opinion = np.array(pairs).T
    if np.ptp(metric) == 0 or np.ptp(opinion) == 0:
        return Correlation(float("nan"), float("nan"), len(pairs))
    return Correlation(*_spearman(metric, opinion), len(pairs))


def _spearman(first: Array, second: Array) -> tuple[float, float]:
    """Spearman's rho and its two-sided p by permutation: exact for few pairs, where tables of t promise too much."""
    from scipy.stats import permutation_test, rankdata

    ranks = rankdata(second)

    def rho(shuffled: Array, axis: int = -1) -> Array:
        own, other = shuffled - shuffled.mean(axis, keepdims=True), ranks - ranks.mean()
        return np.asarray((own * other).sum(axis) / np.sqrt((own**2).sum(axis) * (other**2).sum()))

    found = permutation_test(
        (rankdata(first),),
        rho,
        permutation_type="pairings",
        vectorized=True,
        n_resamples=_PERMUTATIONS,
        random_state=0,
    )
    return float(found.statistic), float(found.pvalue)
