"""The dual-tree complex wavelet transform in any number of dimensions, there and back again.

N. Kingsbury, Complex wavelets for shift invariant analysis and filtering of signals, Applied and
Computational Harmonic Analysis 10(3), 2001; I. Selesnick, R. Baraniuk, N. Kingsbury, The dual-tree complex
wavelet transform, IEEE Signal Processing Magazine 22(6), 2005. Each level has 6 directions in 2-D (3 bands
of 2) and 28 in 3-D (7 bands of 4); coefficients and ends are those of Kingsbury's own programmes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from MedFusionLib.arrays import array_namespace, device
from MedFusionLib.fusion.dual_tree_filters import BANKS
from MedFusionLib.fusion.filters import cut, pad_edge

Change = Callable[[Any], Any]
_ROOT_HALF = 0.5**0.5


def dual_tree(x: Any, levels: int, high: Change, low: Change) -> Any:
    """Transform ``(batch, source, *spatial)``, change the bands, and transform back.

    ``high`` is called with each complex band in turn (the directions of a level last axis first, levels from
    coarse to fine) and ``low`` with the real low band; each may change the number of sources, all alike.
    What they return is transformed back to the spatial shape of ``x``; unchanged bands give ``x`` again.
    Only the bands on the way are held, so the memory is some 8 times that of ``x``.
    """
    return _level(x, 0, levels, high, low)


def _axes(x: Any) -> tuple[int, ...]:
    return tuple(range(2, len(x.shape)))


def _level(x: Any, level: int, levels: int, high: Change, low: Change) -> Any:
    if level == levels:
        return low(x)
    bank = BANKS[min(level, 1)]
    padded, margins = _pad(x, bank.multiple)

    def split(part: Any, axes: tuple[int, ...], detail: bool) -> Any:
        if not axes:
            return _directions(part, high) if detail else _level(part, level + 1, levels, high, low)
        axis, rest = axes[0], axes[1:]
        lower = split(bank.low(part, axis), rest, detail)
        return bank.merge(lower, split(bank.high(part, axis), rest, True), axis)

    merged = split(padded, _axes(x), False)
    for axis, before in margins:
        merged = cut(merged, axis, before, before + x.shape[axis])
    return merged


def _pad(x: Any, multiple: int) -> tuple[Any, list[tuple[int, int]]]:
    """``x`` with edges repeated to a multiple along each axis, and (axis, samples before) of those padded."""
    margins = []
    for axis in _axes(x):
        missing = -x.shape[axis] % multiple
        if missing:
            x = pad_edge(x, axis, missing // 2, missing - missing // 2)
            margins.append((axis, missing // 2))
    return x, margins


def _directions(band: Any, high: Change) -> Any:
    """Give the complex directional bands in ``band`` (trees interleaved) to ``high``, and interleave again."""
    first, *others = _axes(band)
    even, odd = cut(band, first, 0, None, 2), cut(band, first, 1, None, 2)
    changed = _oriented(even + 1j * odd, tuple(others), high)
    xp = array_namespace(changed)
    return _interleave(xp.real(changed), xp.imag(changed), first)


def _oriented(part: Any, axes: tuple[int, ...], high: Change) -> Any:
    """Along each of ``axes`` the sum and the difference of the trees: a unitary map to two orientations."""
    if not axes:
        return high(part)
    axis, rest = axes[0], axes[1:]
    even, odd = cut(part, axis, 0, None, 2), cut(part, axis, 1, None, 2)
    plus = _oriented(_ROOT_HALF * (even + 1j * odd), rest, high)
    minus = _oriented(_ROOT_HALF * (even - 1j * odd), rest, high)
    return _interleave(_ROOT_HALF * (plus + minus), -1j * _ROOT_HALF * (plus - minus), axis)


def _interleave(even: Any, odd: Any, axis: int) -> Any:
    xp = array_namespace(even)
    shape = tuple(2 * n if i == axis else n for i, n in enumerate(even.shape))
    whole = xp.empty(shape, dtype=even.dtype, device=device(even))
    cut(whole, axis, 0, None, 2)[...] = even
    cut(whole, axis, 1, None, 2)[...] = odd
    return whole
