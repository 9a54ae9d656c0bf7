"""Phase congruency after Kovesi: features where the Fourier components of a picture are in phase, with any contrast."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from MedFusionLib.arrays import is_numpy_array
from MedFusionLib.fusion.filters import cut
from MedFusionLib.metrics.fourier import Real, back, frequencies, like, transform

_SCALES = 4
_SHORTEST = 3.0
_FACTOR = 2.1
_BANDWIDTH = 0.55
_NOISE_SIGMAS = 2.0
_CUT_OFF, _GAIN = 0.5, 10.0
_TINY = 1e-4
_GOLDEN = (1.0 + math.sqrt(5.0)) / 2.0
# Half of the directions of the icosahedron's corners: six axes evenly spread over space.
_ICOSAHEDRON = [(0, 1, _GOLDEN), (0, 1, -_GOLDEN), (1, _GOLDEN, 0), (1, -_GOLDEN, 0), (_GOLDEN, 0, 1), (-_GOLDEN, 0, 1)]
_LARGE = 2**22


def directions(dimensions: int) -> list[tuple[float, ...]]:
    """Six unit vectors evenly spread over half of the directions of the plane or of space."""
    if dimensions == 2:
        return [(math.sin(angle), math.cos(angle)) for angle in (math.pi * step / 6 for step in range(6))]
    return [tuple(part / math.hypot(1.0, _GOLDEN) for part in corner) for corner in _ICOSAHEDRON]


def feature_maps(xp: Any, picture: Any) -> list[Any]:
    """Phase congruency of (batch, *spatial) on 0 to 255, and the largest and smallest moment of its directions.

    Kovesi 1999 and 2003 (his phasecong3): four scales of log-Gabor filters from wavelength 3 by 2.1, bandwidth .55, six
    directions with a cosine spread, noise threshold of two sigma from the median of the finest scale. Volumes of
    more than 4 million voxels are halved first. Computed in single precision.
    """
    if math.prod(picture.shape[1:]) > _LARGE and len(picture.shape) == 4:
        picture = _halved(picture)
    spectrum = transform(xp.astype(picture, xp.float32), real=False)
    shape = tuple(picture.shape[1:])
    total: Any = 0.0
    covariance: dict[tuple[int, int], Any] = {}
    for number, direction in enumerate(directions(len(shape))):
        congruency = _congruency(xp, spectrum, shape, number)
        total = total + congruency
        square = congruency**2
        for row in range(len(shape)):
            for column in range(row + 1):
                part = square * (direction[row] * direction[column])
                covariance[row, column] = part + covariance.get((row, column), 0.0)
    scale = len(shape) / len(directions(len(shape)))
    largest, smallest = _extreme_moments(xp, {key: scale * value for key, value in covariance.items()}, len(shape))
    return [total, largest, smallest]


def _congruency(xp: Any, spectrum: Any, shape: tuple[int, ...], number: int) -> Any:
    """Phase congruency along one direction: weighted energy beyond the noise, over the sum of the amplitudes."""
    evens, odds, amplitudes = [], [], []
    for scale in range(_SCALES):
        response = back(spectrum * like(_response(shape, number, scale), spectrum, xp.float32))
        evens.append(xp.real(response))
        odds.append(xp.imag(response))
        amplitudes.append(xp.sqrt(evens[-1] ** 2 + odds[-1] ** 2))
    even, odd, amplitude = sum(evens), sum(odds), sum(amplitudes)
    largest = amplitudes[0]
    for other in amplitudes[1:]:
        largest = xp.maximum(largest, other)
    length = xp.sqrt(even**2 + odd**2) + _TINY
    even, odd = even / length, odd / length
    across = sum(xp.abs(one * odd - other * even) for one, other in zip(evens, odds, strict=True))
    energy = xp.clip(length - across - _noise(xp, amplitudes[0]), 0.0, None)
    width = (amplitude / (largest + _TINY) - 1.0) / (_SCALES - 1)
    weight = 1.0 / (1.0 + xp.exp(_GAIN * (_CUT_OFF - width)))
    return weight * energy / (amplitude + _TINY)


def _noise(xp: Any, finest: Any) -> Any:
    """The energy that noise alone has: Rayleigh's mean and two sigma, summed over the scales."""
    tau = _median(xp, finest) / math.sqrt(math.log(4.0))
    total = tau * (1.0 - (1.0 / _FACTOR) ** _SCALES) / (1.0 - 1.0 / _FACTOR)
    threshold = total * (math.sqrt(math.pi / 2.0) + _NOISE_SIGMAS * math.sqrt((4.0 - math.pi) / 2.0))
    return xp.reshape(threshold, (-1,) + (1,) * (finest.ndim - 1))


def _median(xp: Any, values: Any) -> Any:
    flat = xp.reshape(values, (values.shape[0], -1))
    if is_numpy_array(flat):
        return np.median(flat, axis=1)
    ordered, half = xp.sort(flat, axis=1), flat.shape[1] // 2
    return (ordered[:, half] + ordered[:, -half - 1]) / 2


@cache
def _response(shape: tuple[int, ...], number: int, scale: int) -> Real:
    """The frequency response of the log-Gabor filter of one scale and direction."""
    axes = frequencies(shape)
    radius = np.sqrt(sum((axis**2 for axis in axes), np.zeros(())))
    safe = np.where(radius > 0, radius, 1.0)
    centre = 1.0 / (_SHORTEST * _FACTOR**scale)
    radial = np.exp(-(np.log(safe / centre) ** 2) / (2.0 * math.log(_BANDWIDTH) ** 2))
    radial = np.where(radius > 0, radial, 0.0) / (1.0 + (radius / 0.45) ** 30)
    direction = directions(len(shape))[number]
    cosine = sum((part * axis for part, axis in zip(direction, axes, strict=True)), np.zeros(())) / safe
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    response: Real = radial * (np.cos(np.minimum(angle * _spread(len(shape)), math.pi)) + 1.0) / 2.0
    return response


def _spread(dimensions: int) -> float:
    """How fast the cosine falls: to 0 at twice the angle between neighbouring directions."""
    between = math.pi / 6 if dimensions == 2 else math.acos(1.0 / math.sqrt(5.0))
    return math.pi / (2.0 * between)


def _extreme_moments(xp: Any, matrix: dict[tuple[int, int], Any], dimensions: int) -> tuple[Any, Any]:
    """The largest and smallest eigenvalue of the symmetric matrix at each voxel."""
    if dimensions == 2:
        middle = (matrix[0, 0] + matrix[1, 1]) / 2
        spread = xp.sqrt(((matrix[0, 0] - matrix[1, 1]) / 2) ** 2 + matrix[1, 0] ** 2)
        return middle + spread, middle - spread
    mean = (matrix[0, 0] + matrix[1, 1] + matrix[2, 2]) / 3
    a, b, c = (matrix[i, i] - mean for i in range(3))
    d, e, f = matrix[1, 0], matrix[2, 0], matrix[2, 1]
    size = xp.sqrt((a**2 + b**2 + c**2 + 2 * (d**2 + e**2 + f**2)) / 6)
    safe = xp.where(size > 0, size, xp.ones_like(size))
    determinant = (a * (b * c - f**2) - d * (d * c - f * e) + e * (d * f - b * e)) / safe**3
    angle = xp.acos(xp.clip(determinant / 2, -1.0, 1.0)) / 3
    return mean + 2 * size * xp.cos(angle), mean + 2 * size * xp.cos(angle + 2 * math.pi / 3)


def _halved(picture: Any) -> Any:
    """Means of two neighbours along each axis; a last odd voxel is left out."""
    for axis in range(1, len(picture.shape)):
        length = picture.shape[axis] // 2 * 2
        if length:
            picture = (cut(picture, axis, 0, length, 2) + cut(picture, axis, 1, length, 2)) / 2
    return picture
