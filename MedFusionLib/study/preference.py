"""Which method is preferred in forced choices: win fractions and the abilities of Bradley and Terry."""

from __future__ import annotations

import numpy as np

from MedFusionLib.volume import Array

_ITERATIONS = 10_000
_STILL = 1e-10


def win_fractions(wins: Array) -> Array:
    """The part of its choices that each method won; ``wins`` (winner, loser) are counts. NaN without a choice."""
    won, lost = wins.sum(axis=1), wins.sum(axis=0)
    total = won + lost
    return np.where(total > 0, won / np.maximum(total, 1), np.nan)


def bradley_terry(wins: Array, prior: float = 0.5) -> Array:
    """Log-abilities, mean 0: the odds that i is preferred to j are exp(ability i - ability j).

    ``wins`` (winner, loser) are counts; ``prior`` wins are added each way for every pair, so that abilities stay
    finite where a method wins all, and exist where not all methods meet. Maximum likelihood by the algorithm of
    Hunter, Annals of Statistics 32 (2004) 384; the model is of Bradley and Terry, Biometrika 39 (1952) 324.
    """
    counts = wins + prior * (1.0 - np.eye(len(wins)))
    met = counts + counts.T
    ability = np.ones(len(counts))
    for _ in range(_ITERATIONS):
        renewed = counts.sum(axis=1) / (met / (ability[:, np.newaxis] + ability)).sum(axis=1)
        renewed /= np.exp(np.log(renewed).mean())
        if np.abs(renewed - ability).max() < _STILL:
            break
        ability = renewed
    return np.asarray(np.log(ability) - np.log(ability).mean())
