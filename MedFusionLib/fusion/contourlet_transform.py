"""The non-subsampled contourlet transform in 2-D and 3-D, there and back again.

A. L. da Cunha, J. Zhou and M. N. Do, The nonsubsampled contourlet transform: theory, design, and
applications, IEEE Transactions on Image Processing 15(10), 2006: a non-subsampled pyramid (every level with
the filters of the first, upsampled by 2) followed by a non-subsampled directional filter bank; no band is
decimated, so the transform commutes with shifts. The filters are zero-phase and applied in the frequency
domain. The pyramid's are the square roots of maximally flat half-band filters, as theirs, and the
directional ones have Meyer's transitions; all squared responses add to 1, which makes the bands a tight frame.
In 3-D the directions are the wedges of the 3-D directional filter bank (Y. M. Lu and M. N. Do,
Multidimensional directional filter banks and surfacelets, same journal 16(4), 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from math import comb
from operator import mul
from typing import Any

import numpy as np
import numpy.typing as npt

from MedFusionLib.arrays import array_namespace, device
from MedFusionLib.fusion import spectrum, wedges

Change = Callable[[Any], Any]
Real = npt.NDArray[np.float64]


def contourlet(x: Any, levels: int, directions: int, high: Change, low: Change) -> Any:
    """Transform ``(batch, source, *spatial)``, change the bands, and transform back.

    ``high`` is called with each real directional band in turn (levels from fine to coarse; within a level
    first the undirected rim, then the wedges of :func:`MedFusionLib.fusion.wedges.all_wedges` with
    ``directions`` slopes an axis), ``low`` with the low band; each band is as large as the extended ``x``
    and may come back with another number of sources, all alike. Unchanged bands give ``x`` again.
    """
    extended = spectrum.extend_periodic(x, levels)
    bank = _Bank(tuple(extended.shape[2:]), levels, directions)
    transformed = spectrum.forward_real(extended)
    del extended
    total: Any = 0
    for change, factors in bank.bands(high, low):
        response = reduce(mul, (_on(factor, x) for factor in factors))
        band = spectrum.inverse_real(transformed * response, bank.shape)
        part = spectrum.forward_real(change(band))
        del band
        part *= response
        total += part
    return spectrum.crop(spectrum.inverse_real(total, bank.shape), tuple(x.shape[2:]))


def _on(response: Real, x: Any) -> Any:
    return array_namespace(x).asarray(response, dtype=x.dtype, device=device(x))


class _Bank:
    """The frequency responses for arrays of one odd spatial shape, on the half spectrum."""

    # Between these frequencies the directional bands of the finest level give way to the undirected rim:
    # at Nyquist a wedge meets its mirror image, and a window that jumps there would ring.
    _rim = (0.75, 1.0)
    _flatness = 3

    def __init__(self, shape: tuple[int, ...], levels: int, directions: int) -> None:
        self.shape = shape
        self._levels = levels
        self._directions = directions
        self._axes: list[Real] = [spectrum.frequencies(size) for size in shape]
        self._axes[-1] = self._axes[-1][:shape[-1] // 2 + 1]

    def bands(self, high: Change, low: Change) -> Iterator[tuple[Change, list[Real]]]:
        """The change of each band with its response, as factors to be broadcast and multiplied."""
        normal = wedges.power(self._axes, self._directions)
        inner = _outer([1 - wedges.rise((np.abs(axis) - self._rim[0]) / (self._rim[1] - self._rim[0])) ** 2
                        for axis in self._axes])
        above: Real = np.ones(())
        for level in range(1, self._levels + 1):
            below = _outer([self._low_power(axis, level) for axis in self._axes])
            detail = np.maximum(above - below, 0.0)
            if level == 1:
                yield high, [np.sqrt(detail * (1 - inner))]
                detail *= inner
            radial = np.sqrt(detail / normal)
            for wedge in wedges.all_wedges(len(self.shape), self._directions):
                yield high, [radial, *self._bumps(wedge)]
            above = below
        yield low, [np.sqrt(above)]

    def _low_power(self, axis: Real, level: int) -> Real:
        """The squared response of ``level`` upsampled low-pass filters in a row."""
        return reduce(np.multiply, (self._half_band(2.0**step * axis) for step in range(level)))

    def _half_band(self, frequency: Real) -> Real:
        """Daubechies' maximally flat half-band filter; this and its copy shifted by Nyquist add to 1."""
        sine, cosine = np.sin(np.pi / 2 * frequency) ** 2, np.cos(np.pi / 2 * frequency) ** 2
        terms = (comb(self._flatness - 1 + k, k) * sine**k for k in range(self._flatness))
        power: Real = cosine**self._flatness * reduce(np.add, terms)
        return power

    def _bumps(self, wedge: wedges.Wedge) -> list[Real]:
        face, slopes = wedge
        return [wedges.bump(wedges.slope(self._along(axis), self._along(face)), number, self._directions)
                for axis, number in slopes.items()]

    def _along(self, axis: int) -> Real:
        """The frequencies of ``axis``, to be broadcast with the others."""
        return self._axes[axis].reshape([-1 if i == axis else 1 for i in range(len(self.shape))])


def _outer(factors: list[Real]) -> Real:
    """The product of one factor an axis."""
    return reduce(np.multiply.outer, factors)
