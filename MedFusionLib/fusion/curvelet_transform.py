"""The fast discrete curvelet transform by wrapping in 2-D and 3-D, there and back again.

E. Candès, L. Demanet, D. Donoho and L. Ying, Fast discrete curvelet transforms, Multiscale Modeling and
Simulation 5(3), 2006; L. Ying, L. Demanet and E. Candès, 3D discrete curvelet transform, Proceedings of SPIE
5914, 2005. Scales are octaves with Meyer windows, the finest reaching beyond Nyquist and folded back (their
"curvelets at the finest level"); the number of slopes doubles at every other scale. Each wedge of the spectrum
is windowed, wrapped into a box around the origin and transformed back. All squared windows add to 1: the
complex coefficients are a tight frame. Of a real signal opposite wedges hold conjugate coefficients, so only
one of the two is computed, times the square root of 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt

from MedFusionLib.arrays import array_namespace, device
from MedFusionLib.fusion import spectrum, wedges

Change = Callable[[Any], Any]
Real = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
_ROOT_TWO = 2.0**0.5


def curvelet(x: Any, levels: int, directions: int, high: Change, low: Change) -> Any:
    """Transform ``(batch, source, *spatial)``, change the bands, and transform back.

    ``high`` is called with the complex coefficients of each wedge in turn (scales from fine to coarse, within a
    scale in the order of :func:`MedFusionLib.fusion.wedges.all_wedges`), ``low`` with the real, decimated low
    band; each may change the number of sources, all alike. ``directions``, 4 or more, is the number of slopes an
    axis at the coarsest scale. Unchanged bands give ``x`` again.
    """
    extended = spectrum.extend_periodic(x, levels)
    shape = tuple(extended.shape[2:])
    transformed = _flat(spectrum.forward(extended))
    del extended
    total = _Sum(transformed)
    for scale in range(levels):
        slopes = directions * 2 ** ((levels - scale) // 2)
        for patch in _wedges(shape, scale, slopes):
            window = _on(patch.window, x)
            band = spectrum.inverse(_gather(transformed, patch) * window)
            total.add(patch, spectrum.forward(high(band)) * window)
    patch = _coarse(shape, levels)
    window = _on(patch.window, x)
    band = array_namespace(x).real(spectrum.inverse(_gather(transformed, patch) * window))
    total.add(patch, spectrum.forward(low(band)) * window)
    whole = spectrum.inverse(total.spectrum.reshape(*total.spectrum.shape[:2], *shape))
    return spectrum.crop(array_namespace(x).real(whole), tuple(x.shape[2:]))


@dataclass(frozen=True)
class _Patch:
    """A part of the spectrum as a box: the bin that each element comes from, and the window there."""

    index: Index
    window: Real


class _Sum:
    """The spectrum of the result, summed up patch by patch."""

    def __init__(self, like: Any) -> None:
        self._like = like
        self.spectrum: Any = None

    def add(self, patch: _Patch, part: Any) -> None:
        """Put ``part`` back to where the patch was taken from."""
        if self.spectrum is None:
            shape = (*part.shape[:2], self._like.shape[2])
            self.spectrum = array_namespace(part).zeros(shape, dtype=part.dtype, device=device(part))
        index = array_namespace(part).asarray(patch.index.ravel(), device=device(part))
        self.spectrum[:, :, index] += _flat(part)


def _flat(x: Any) -> Any:
    return x.reshape(*x.shape[:2], -1)


def _on(window: Real, x: Any) -> Any:
    return array_namespace(x).asarray(window, dtype=x.dtype, device=device(x))


def _gather(transformed: Any, patch: _Patch) -> Any:
    xp = array_namespace(transformed)
    index = xp.asarray(patch.index.ravel(), device=device(transformed))
    return xp.take(transformed, index, axis=2).reshape(*transformed.shape[:2], *patch.index.shape)


def _low_power(frequency: Real, scale: int) -> Real:
    """The squared low-pass window whose edge, centred on Nyquist at scale 0, halves with each scale."""
    return wedges.rise(2 - 1.5 * 2.0**scale * np.abs(frequency)) ** 2


def _outer(factors: list[Real]) -> Real:
    return reduce(np.multiply.outer, factors)


def _bins(size: int, edge: float) -> int:
    """The last bin of an axis of ``size`` samples whose frequency is below ``edge`` Nyquist."""
    return ceil(edge * size / 2) - 1


def _flat_index(bins: list[Index], shape: tuple[int, ...]) -> Index:
    """The place in the flat spectrum of the bins given for each axis (broadcast), folded back at Nyquist."""
    index = np.zeros((), np.int64)
    for bin_, size in zip(bins, shape, strict=True):
        index = index * size + bin_ % size
    return index


def _coarse(shape: tuple[int, ...], levels: int) -> _Patch:
    """The low band: a box about the origin, in the order of a Fourier transform of its size."""
    edge = 4 / 3 / 2**levels
    bins, powers = [], []
    for axis, size in enumerate(shape):
        last = _bins(size, edge)
        place = np.fft.ifftshift(np.arange(-last, last + 1))
        bins.append(place.reshape([-1 if i == axis else 1 for i in range(len(shape))]))
        powers.append(_low_power(2 * place / size, levels))
    return _Patch(_flat_index(bins, shape), np.sqrt(_outer(powers)))


def _wedges(shape: tuple[int, ...], scale: int, slopes: int) -> Iterator[_Patch]:
    """The wedges of one scale, each wrapped into its box."""
    outer = 4 / 3 / 2**scale
    # Windows depend on the sign of a frequency only through the slope, so one octant holds the rest.
    axes = [2 * np.arange(_bins(size, outer) + 2) / size for size in shape]
    detail = _outer([_low_power(axis, scale) for axis in axes])
    detail -= _outer([_low_power(axis, scale + 1) for axis in axes])
    octant = _ROOT_TWO * np.sqrt(np.maximum(detail, 0.0) / wedges.power(axes, slopes))
    for face, numbers in wedges.all_wedges(len(shape), slopes):
        reach = _reach(shape[face], scale, slopes)
        if not reach:
            continue
        bins = _wrapped_bins(shape, face, numbers, reach, slopes)
        window = octant[tuple(np.minimum(np.abs(place), size - 1)
                              for place, size in zip(bins, octant.shape, strict=True))]
        along = 2 * bins[face] / shape[face]
        for axis, number in numbers.items():
            window *= wedges.bump(2 * bins[axis] / shape[axis] / along, number, slopes)
        yield _Patch(_flat_index(bins, shape), window)


def _reach(size: int, scale: int, slopes: int) -> range:
    """The bins of a scale along the axis of a face; none where the axis is too short for the scale."""
    inner, outer = 1 / 3 / 2**scale, 4 / 3 / 2**scale
    # Beside a diagonal a wedge reaches over to where another axis has the greater frequency.
    return range(max(1, floor(inner / (1 + 1 / slopes) * size / 2)), _bins(size, outer) + 1)


def _wrapped_bins(shape: tuple[int, ...], face: int, numbers: dict[int, int], reach: range,
                  slopes: int) -> list[Index]:
    """For each axis the bin (from the origin, not yet folded) of every element of a wedge's box."""
    dimension = len(shape)
    length = spectrum.quick_size(len(reach))
    along = np.roll(np.arange(reach.start, reach.start + length), reach.start % length)
    along = along.reshape([-1 if axis == face else 1 for axis in range(dimension)])
    bins: list[Index] = [along] * dimension
    for axis, number in numbers.items():
        least, most = wedges.slope_range(number, slopes)
        scaled = along * (shape[axis] / shape[face])
        start = np.ceil(least * scaled).astype(np.int64)
        needed = floor((most - least) * reach[-1] * shape[axis] / shape[face]) + 2
        # With 4 slopes and the 9 samples that an extended axis has at least, what is needed fits the axis; then
        # no bin comes twice in a box.
        width = min(spectrum.quick_size(needed), shape[axis])
        place = np.arange(width).reshape([-1 if i == axis else 1 for i in range(dimension)])
        bins[axis] = start + (place - start) % width
    return bins
