"""Filters in the frequency domain over the spatial axes of (batch, *spatial), for numpy and torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from MedFusionLib.arrays import array_namespace, is_numpy_array

Real = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]


def frequencies(shape: Sequence[int], half: bool = False) -> list[Real]:
    """The frequencies along each axis in cycles a voxel, to be broadcast; ``half``: of the real transform."""
    axes: list[Real] = [np.asarray(np.fft.fftfreq(length), np.float64) for length in shape]
    if half:
        axes[-1] = np.asarray(np.fft.rfftfreq(shape[-1]), np.float64)
    return [axis.reshape([-1 if i == place else 1 for i in range(len(shape))]) for place, axis in enumerate(axes)]


def transform(picture: Any, real: bool = True) -> Any:
    """The Fourier transform over the spatial axes; ``real``: half of it, for a real picture."""
    axes = tuple(range(1, len(picture.shape)))
    return (_module(picture).rfftn if real else _module(picture).fftn)(picture, axes=axes)


def back(spectrum: Any, shape: Sequence[int] | None = None) -> Any:
    """The picture of a spectrum: complex, or real of the given spatial ``shape`` for half a spectrum.

    For a complex picture of numpy its memory becomes the picture's: give a spectrum that is not needed any more.
    """
    axes = tuple(range(1, len(spectrum.shape)))
    if shape is None:
        spare = {"overwrite_x": True} if is_numpy_array(spectrum) else {}
        return _module(spectrum).ifftn(spectrum, axes=axes, **spare)
    return _module(spectrum).irfftn(spectrum, s=tuple(shape), axes=axes)


def like(response: Real | Single, array: Any, dtype: Any) -> Any:
    """A frequency response in the library and on the device of ``array``."""
    xp = array_namespace(array)
    return xp.asarray(response, dtype=dtype, device=array.device)


def _module(array: Any) -> Any:
    """scipy.fft for numpy arrays (it is faster in single precision), else the namespace's own."""
    if is_numpy_array(array):
        import scipy.fft

        return scipy.fft
    return array_namespace(array).fft
