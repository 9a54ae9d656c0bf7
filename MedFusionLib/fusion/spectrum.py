"""Fourier transforms over the spatial axes of ``(batch, source, *spatial)``, for numpy and torch alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from MedFusionLib.arrays import array_namespace, device, is_numpy_array
from MedFusionLib.fusion.filters import cut

_WORKERS = 2
_ODD_PRIMES = (3, 5, 7, 11)
#: Samples that an axis is made longer by, at least and at most.
_LEAST_MARGIN, _MOST_MARGIN = 8, 16


def _axes(x: Any) -> tuple[int, ...]:
    return tuple(range(2, len(x.shape)))


def odd_size(least: int) -> int:
    """The next odd length from ``least`` on that is quick to transform; odd, so that there is no Nyquist bin."""
    size = least + 1 - least % 2
    while _unquick_part(size) > 1:
        size += 2
    return size


def _unquick_part(size: int) -> int:
    """``size`` without the primes that are quick to transform."""
    for prime in _ODD_PRIMES:
        while size % prime == 0:
            size //= prime
    return size


def quick_size(least: int) -> int:
    """The next length from ``least`` on that is quick to transform."""
    from scipy.fft import next_fast_len

    return int(next_fast_len(least))


def frequencies(size: int) -> npt.NDArray[np.float64]:
    """The frequency of each bin of an axis of ``size`` samples, in units of Nyquist, in (-1, 1)."""
    return np.asarray(2.0 * np.fft.fftfreq(size), np.float64)


def extend_periodic(x: Any, levels: int) -> Any:
    """``x`` made longer along every spatial axis, by 8 to 16 samples or a little more, to odd lengths.

    The new samples fade from the mirror image of the last ones to that of the first ones, so that the
    periodic continuation that a Fourier transform implies has no jump; they are more for more ``levels``,
    whose filters are longer.
    """
    margin = min(max(2**levels, _LEAST_MARGIN), _MOST_MARGIN)
    for axis in _axes(x):
        x = _extend_axis(x, axis, odd_size(x.shape[axis] + margin) - x.shape[axis])
    return x


def _extend_axis(x: Any, axis: int, count: int) -> Any:
    xp, size = array_namespace(x), x.shape[axis]
    place = np.arange(count)
    mirrored = []
    for index in ((size + place) % (2 * size), (place - count) % (2 * size)):
        index = np.where(index < size, index, 2 * size - 1 - index)
        mirrored.append(xp.take(x, xp.asarray(index, device=device(x)), axis=axis))
    shape = tuple(count if i == axis else 1 for i in range(len(x.shape)))
    fade = xp.asarray(((place + 1) / (count + 1)).reshape(shape), dtype=x.dtype, device=device(x))
    return xp.concat([x, mirrored[0] * (1 - fade) + mirrored[1] * fade], axis=axis)


def crop(x: Any, shape: tuple[int, ...]) -> Any:
    """The first ``shape`` samples along the spatial axes; a view."""
    for axis, size in zip(_axes(x), shape, strict=True):
        x = cut(x, axis, 0, size)
    return x


def forward(x: Any) -> Any:
    """The whole unitary spectrum of ``x``, real or complex; single precision stays single."""
    return _transform("fftn", x)


def inverse(spectrum: Any) -> Any:
    """The complex array whose unitary spectrum is ``spectrum``."""
    return _transform("ifftn", spectrum)


def forward_real(x: Any) -> Any:
    """The half of the unitary spectrum of a real ``x`` with non-negative frequencies along the last axis."""
    return _transform("rfftn", x)


def inverse_real(spectrum: Any, shape: tuple[int, ...]) -> Any:
    """The real array of spatial ``shape`` whose half spectrum is ``spectrum``."""
    return _transform("irfftn", spectrum, s=shape)


def _transform(name: str, x: Any, **options: Any) -> Any:
    axes = _axes(x)
    if is_numpy_array(x):
        # scipy keeps single precision with every numpy, and takes more than one thread.
        from scipy import fft

        return getattr(fft, name)(x, axes=axes, norm="ortho", workers=_WORKERS, **options)
    return getattr(array_namespace(x).fft, name)(x, axes=axes, norm="ortho", **options)
