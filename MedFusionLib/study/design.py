"""Which pictures are scored and which pairs are put to the choice, in an order and under names that tell nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from MedFusionLib.errors import BadInput
from MedFusionLib.study import Case, Choice, Item, Key


def draw(cases: Sequence[Case], seed: int = 0, pairs: int = 30) -> Key:
    """A study of every fused picture of ``cases`` and of at most ``pairs`` forced choices, drawn with ``seed``.

    Choices are spread evenly over the pairs of methods, and each side is left as often as right up to chance. Raises
    ``BadInput`` for fewer than two methods.
    """
    methods = sorted({method for case in cases for method in case.fused})
    if not cases or len(methods) < 2:
        raise BadInput(f"{len(cases)} cases of {len(methods)} methods", "Give at least one case and two methods")
    random = np.random.default_rng(seed)
    wanted = [(case.name, method) for case in cases for method in case.fused]
    order = random.permutation(len(wanted))
    names = _names(random, len(wanted) + pairs)
    items = tuple(Item(names[place], *wanted[number]) for place, number in enumerate(order))
    choices = _choices(cases, methods, pairs, names[len(wanted) :], random)
    return Key(f"{random.integers(16**8):08x}", seed, items, choices)


def _choices(
    cases: Sequence[Case], methods: Sequence[str], count: int, names: Sequence[str], random: np.random.Generator
) -> tuple[Choice, ...]:
    """One round of all pairs of methods after the other, each in a case of its own, until ``count`` are drawn."""
    offers = {
        pair: [case.name for case in cases if set(pair) <= set(case.fused)] for pair in combinations(methods, 2)
    }
    for names_of_cases in offers.values():
        random.shuffle(names_of_cases)
    rounds = range(max(map(len, offers.values())))
    drawn = [(found[turn], pair) for turn in rounds for pair, found in offers.items() if turn < len(found)][:count]
    chosen = []
    for name, number in zip(names, random.permutation(len(drawn)), strict=False):
        case, pair = drawn[number]
        left, right = pair if random.random() < 0.5 else pair[::-1]
        chosen.append(Choice(name, case, left, right))
    return tuple(chosen)


def _names(random: np.random.Generator, count: int) -> list[str]:
    """``count`` different names of five letters and digits that tell nothing."""
    return [f"{number:05x}" for number in random.choice(16**5, size=count, replace=False)]
