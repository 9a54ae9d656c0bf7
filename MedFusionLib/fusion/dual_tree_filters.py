"""The one-dimensional filter banks of the dual-tree complex wavelet transform.

Both trees are kept interleaved along the axis, as Kingsbury does: after level 1 (no decimation) the even
samples belong to tree a and the odd samples to tree b, and mirroring the signal at its ends swaps the trees.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from MedFusionLib.arrays import array_namespace, device
from MedFusionLib.fusion.filters import cut

Taps = tuple[float, ...]

# Level 1: the 13 and 19 tap symmetric biorthogonal pair (Kingsbury 2001, "near_sym_b"); one half and the centre.
_LOW_1 = (-9 / 5120, 0.0, 57 / 2560, -3 / 64, -247 / 5120, 19 / 64, 711 / 1280)
_DUAL_1 = (7.062639508928571e-05, 0.0, -0.0013419015066964285, -0.0018833705357142855, 0.007156808035714285,
           0.023856026785714284, -0.05564313616071428, -0.05168805803571428, 0.29975760323660716,
           0.5594308035714286)
# Levels 2 and up: the orthonormal 14 tap quarter-shift low-pass filter of tree a (Kingsbury 2003, "qshift_b").
_QUARTER = (0.003253142763653182, -0.00388321199915849, 0.03466034684485349, -0.03887280126882779,
            -0.11720388769911527, 0.27529538466888204, 0.7561456438925225, 0.5688104207121227,
            0.011866092033797, -0.1067118046866654, 0.023825384794920298, 0.01702522388155399,
            -0.005439475937274115, -0.004556895628475491)


def _whole(half: Taps) -> Taps:
    return (*half, *half[-2::-1])


def _modulated(taps: Taps, first: int) -> Taps:
    return tuple(tap if (i + first) % 2 == 0 else -tap for i, tap in enumerate(taps))


class LevelOne:
    """The undecimated biorthogonal bank of level 1; an axis must have an even number of samples."""

    multiple = 2
    _low, _dual = _whole(_LOW_1), _whole(_DUAL_1)
    _high, _dual_high = _modulated(_dual, 1), _modulated(_low, 0)

    def low(self, x: Any, axis: int) -> Any:
        """Both trees' low-pass samples, as many as ``x`` has."""
        return _centred(x, self._low, axis)

    def high(self, x: Any, axis: int) -> Any:
        """Both trees' high-pass samples, as many as ``x`` has."""
        return _centred(x, self._high, axis)

    def merge(self, low: Any, high: Any, axis: int) -> Any:
        """What ``low`` and ``high`` were made of."""
        merged = _centred(low, self._dual, axis)
        merged += _centred(high, self._dual_high, axis)
        return merged


class QuarterShift:
    """The decimating orthonormal bank of the other levels; an axis must have a multiple of four samples."""

    multiple = 4
    _low_a = _QUARTER
    _low_b = _low_a[::-1]
    _high_a = _modulated(_low_b, 0)
    _high_b = _high_a[::-1]

    def low(self, x: Any, axis: int) -> Any:
        """Both trees' low-pass samples, half as many as ``x`` has."""
        return _decimated(x, self._low_a, self._low_b, 0, axis)

    def high(self, x: Any, axis: int) -> Any:
        """Both trees' high-pass samples, half as many as ``x`` has; the trees change places."""
        return _decimated(x, self._high_a, self._high_b, 1, axis)

    def merge(self, low: Any, high: Any, axis: int) -> Any:
        """What ``low`` and ``high`` were made of: the bank is orthonormal, so this is its adjoint."""
        xp = array_namespace(low)
        pad = len(self._low_a) - 2
        shape = tuple(2 * n + 2 * pad if i == axis else n for i, n in enumerate(low.shape))
        extended = xp.zeros(shape, dtype=low.dtype, device=device(low))
        _spread(extended, low, self._low_a, self._low_b, 0, axis)
        _spread(extended, high, self._high_a, self._high_b, 1, axis)
        return _fold(extended, axis, pad)


BANKS = (LevelOne(), QuarterShift())


def _mirror(size: int, pad: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """For each sample of an axis extended by ``pad`` at both ends, the sample it repeats (ends repeated)."""
    index = np.arange(-pad, size + pad) % (2 * size)
    return np.where(index < size, index, 2 * size - 1 - index)


def extend(x: Any, axis: int, pad: int) -> Any:
    """``x`` mirrored about its ends along ``axis`` by ``pad`` samples, more than it has if need be."""
    xp = array_namespace(x)
    index = xp.asarray(_mirror(x.shape[axis], pad), device=device(x))
    return xp.take(x, index, axis=axis)


def _fold(extended: Any, axis: int, pad: int) -> Any:
    """The adjoint of ``extend``: every sample of the margins is added to the one it repeats."""
    size = extended.shape[axis] - 2 * pad
    folded = cut(extended, axis, pad, pad + size)
    mirror = _mirror(size, pad)
    for place in (*range(pad), *range(pad + size, size + 2 * pad)):
        source = int(mirror[place])
        target = cut(folded, axis, source, source + 1)
        target += cut(extended, axis, place, place + 1)
    return folded


def _centred(x: Any, taps: Taps, axis: int) -> Any:
    """``x`` filtered along ``axis`` by symmetric ``taps``, an odd number."""
    pad = len(taps) // 2
    extended, size = extend(x, axis, pad), x.shape[axis]
    filtered = taps[pad] * x
    for k in range(pad):
        if taps[k]:
            pair = cut(extended, axis, k, k + size) + cut(extended, axis, 2 * pad - k, 2 * pad - k + size)
            pair *= taps[k]
            filtered += pair
    return filtered


def _decimated(x: Any, taps_a: Taps, taps_b: Taps, first: int, axis: int) -> Any:
    """Tree a filters the even samples, tree b the odd ones; a's results stand at ``first``, b's at the other."""
    xp = array_namespace(x)
    extended = extend(x, axis, len(taps_a) - 2)
    shape = tuple(n // 2 if i == axis else n for i, n in enumerate(x.shape))
    filtered = xp.zeros(shape, dtype=x.dtype, device=device(x))
    for tree, taps in enumerate((taps_a, taps_b)):
        target = cut(filtered, axis, (first + tree) % 2, None, 2)
        for k, tap in enumerate(taps):
            start = tree + 2 * k
            target += tap * cut(extended, axis, start, start + 2 * shape[axis], 4)
    return filtered


def _spread(extended: Any, band: Any, taps_a: Taps, taps_b: Taps, first: int, axis: int) -> None:
    """Add the adjoint of ``_decimated``, before the margins are folded, to ``extended``."""
    for tree, taps in enumerate((taps_a, taps_b)):
        source = cut(band, axis, (first + tree) % 2, None, 2)
        for k, tap in enumerate(taps):
            start = tree + 2 * k
            target = cut(extended, axis, start, start + 2 * band.shape[axis], 4)
            target += tap * source
