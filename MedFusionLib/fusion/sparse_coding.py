"""Sparse coding of many signals at once: orthogonal matching pursuit (OMP) on the Gram matrix.

Y. C. Pati, R. Rezaiifar and P. S. Krishnaprasad, Orthogonal matching pursuit, Asilomar Conference 1993, in the
form of R. Rubinstein, M. Zibulevsky and M. Elad, Efficient implementation of the K-SVD algorithm using batch
orthogonal matching pursuit, Technion CS-2008-08: only correlations with the atoms are kept, never residuals.
All signals take a step together; those coded well enough drop out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.floating[Any]]
Integer = npt.NDArray[np.int64]

_THREADS = 2
# So many signals are coded together that their correlations stay in the processor's cache.
_BLOCK = 2048
# The least squared length of an atom beside those already taken: below it, it is one of them but for rounding.
_LEAST = 1e-6


@dataclass(frozen=True)
class Code:
    """For each signal the atoms it is made of, ``(signal, step)``, and their coefficients.

    A signal with fewer atoms than steps has coefficients 0 in the remaining places.
    """

    atoms: Integer
    coefficients: Real

    @property
    def activity(self) -> Real:
        """The l1 norm of each signal's coefficients."""
        total: Real = np.abs(self.coefficients).sum(axis=1)
        return total


def encode(signals: Real, dictionary: Real, sparsity: int, tolerance: float) -> Code:
    """Code each of ``signals`` ``(signal, sample)`` with at most ``sparsity`` atoms.

    ``dictionary`` is ``(atom, sample)`` with rows of norm 1. A signal is done when the root mean square of
    what is left of it is ``tolerance`` or less, in the signals' unit.
    """
    sparsity = min(sparsity, *dictionary.shape)
    gram = dictionary @ dictionary.T
    allowed = signals.shape[1] * tolerance**2
    shape = len(signals), sparsity
    code = Code(np.zeros(shape, np.int64), np.zeros(shape, signals.dtype))

    def encode_block(start: int) -> None:
        block = slice(start, start + _BLOCK)
        part = signals[block]
        energy = np.einsum("ij,ij->i", part, part)
        rows = np.flatnonzero(energy > allowed)
        pursuit = _Pursuit(gram, part[rows] @ dictionary.T, energy[rows])
        pursuit.run(rows, allowed, Code(code.atoms[block], code.coefficients[block]))

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(encode_block, range(0, len(signals), _BLOCK)))
    return code


@dataclass(frozen=True)
class _Step:
    """One step of all signals: the atom, and the part of it that is new, scaled to norm 1.

    ``direction`` are the correlations of that part with all atoms, ``mixing`` those of the atom with the
    parts of the earlier steps, ``length`` the norm of the new part, ``share`` its coefficient.
    """

    atom: Integer
    direction: Real
    mixing: list[Real]
    length: Real
    share: Real

    def only(self, those: npt.NDArray[np.bool_]) -> _Step:
        """The step of ``those`` signals."""
        return _Step(self.atom[those], self.direction[those], [part[those] for part in self.mixing],
                     self.length[those], self.share[those])


class _Pursuit:
    """The signals still being coded: correlations and energy of what is left, and the steps taken."""

    def __init__(self, gram: Real, correlation: Real, energy: Real) -> None:
        self._gram = gram
        self._correlation = correlation
        self._energy = energy
        self._steps: list[_Step] = []

    def run(self, rows: Integer, allowed: float, code: Code) -> None:
        """Code the signals and write each to its one of ``rows`` of ``code``."""
        for step in range(code.atoms.shape[1]):
            if not len(rows):
                return
            self._advance()
            last = step + 1 == code.atoms.shape[1]
            done = np.ones(len(rows), np.bool_) if last else self._energy <= allowed
            if done.any():
                self._write(done, rows[done], code)
                rows = rows[~done]
                self._correlation, self._energy = self._correlation[~done], self._energy[~done]
                self._steps = [part.only(~done) for part in self._steps]

    def _advance(self) -> None:
        """Take the atom that correlates best, and remove its new part from what is left."""
        every = np.arange(len(self._energy))
        atom = np.abs(self._correlation).argmax(axis=1)
        direction = self._gram[atom]
        mixing = [step.direction[every, atom] for step in self._steps]
        for part, step in zip(mixing, self._steps, strict=True):
            direction -= part[:, None] * step.direction
        length = np.sqrt(np.maximum(1 - sum((part**2 for part in mixing), np.zeros_like(self._energy)), _LEAST))
        direction /= length[:, None]
        share = self._correlation[every, atom] / length
        self._correlation -= share[:, None] * direction
        self._energy = self._energy - share**2
        self._steps.append(_Step(atom, direction, mixing, length, share))

    def _write(self, done: npt.NDArray[np.bool_], rows: Integer, code: Code) -> None:
        """Solve the triangular system of the finished signals' coefficients, last atom first."""
        found: dict[int, Real] = {}
        steps = [step.only(done) for step in self._steps]
        for place in reversed(range(len(steps))):
            later = sum((steps[k].mixing[place] * found[k] for k in found), np.zeros_like(steps[0].share))
            found[place] = (steps[place].share - later) / steps[place].length
            code.atoms[rows, place] = steps[place].atom
            code.coefficients[rows, place] = found[place]
