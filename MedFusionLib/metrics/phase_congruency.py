"""Phase congruency after Kovesi: features where the Fourier components of a picture are in phase, with any contrast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from MedFusionLib.arrays import is_numpy_array
from MedFusionLib.fusion.filters import cut
from MedFusionLib.metrics.fourier import Real, Single, back, frequencies, like, transform

_SCALES = 4
_SHORTEST = 3.0
_FACTOR = 2.1
_BANDWIDTH = 0.55
# The angle between neighbouring directions of the plane, over Kovesi's ratio of 1.2.
_SPREAD = math.pi / 6.0 / 1.2
_NOISE_SIGMAS, _NOISE_SCALE = 2.0, 1.7
_CUT_OFF, _GAIN = 0.5, 10.0
_TINY = 1e-4
_GOLDEN = (1.0 + math.sqrt(5.0)) / 2.0
# Half of the directions of the icosahedron's corners: six axes evenly spread over space.
_ICOSAHEDRON = [(0, 1, _GOLDEN), (0, 1, -_GOLDEN), (1, _GOLDEN, 0), (1, -_GOLDEN, 0), (_GOLDEN, 0, 1), (-_GOLDEN, 0, 1)]
_LARGE = 2**22
_PIECE = 2**14


@dataclass(frozen=True)
class Bank:
    """Log-Gabor filters of one shape: a response a scale, one a direction, and the noise of each direction.

    The filter of a scale and a direction is the product of both; ``noise`` is the energy of pure noise whose median
    amplitude at the finest scale is 1.
    """

    scales: list[Single]
    directions: list[Single]
    noise: list[float]


def directions(dimensions: int) -> list[tuple[float, ...]]:
    """Six unit vectors evenly spread over half of the directions of the plane or of space."""
    if dimensions == 2:
        return [(math.sin(angle), math.cos(angle)) for angle in (math.pi * step / 6 for step in range(6))]
    return [tuple(part / math.hypot(1.0, _GOLDEN) for part in corner) for corner in _ICOSAHEDRON]


def feature_maps(xp: Any, picture: Any) -> list[Any]:
    """Phase congruency of (batch, *spatial) on 0 to 255, and the largest and smallest moment of its directions.

    Kovesi 1999 and 2003 (phasecong3 of 2005, which Liu's program of Q_P holds): four scales of log-Gabor filters from
    wavelength 3 by 2.1, bandwidth .55, six directions with a Gaussian spread of 25 degrees, noise threshold of two
    sigma over 1.7 from the median of the finest scale. Volumes of more than 4 million voxels are halved first.
    Computed in single precision.
    """
    if math.prod(picture.shape[1:]) > _LARGE and len(picture.shape) == 4:
        picture = _halved(picture)
    batch, *shape = picture.shape
    bank = filters(tuple(shape))
    spectrum = transform(xp.astype(picture, xp.float32), real=False)
    scaled = [spectrum * like(response, spectrum, xp.float32) for response in bank.scales]
    sums = _Sums(xp, (batch, math.prod(shape)), len(shape), spectrum.device)
    for direction, response, noise in zip(directions(len(shape)), bank.directions, bank.noise, strict=True):
        angular = like(response, spectrum, xp.float32)
        responses = [xp.reshape(back(part * angular), (batch, -1)) for part in scaled]
        sums.add(xp, direction, responses, noise * _median(xp, xp.abs(responses[0]))[:, None])
    scale = len(shape) / len(bank.directions)
    covariance = {key: scale * value for key, value in sums.covariance.items()}
    maps = sums.energy / (sums.amplitude + _TINY), *_extreme_moments(xp, covariance, len(shape))
    return [xp.reshape(values, (batch, *shape)) for values in maps]


class _Sums:
    """Over the directions: the energy in phase, the amplitudes, and the covariance of what is in phase with direction.

    Arrays of (batch, voxel); ``covariance`` by row and column, the lower triangle.
    """

    def __init__(self, xp: Any, shape: tuple[int, int], dimensions: int, device: Any) -> None:
        pairs = [(row, column) for row in range(dimensions) for column in range(row + 1)]
        self.energy, self.amplitude, *moments = (
            xp.zeros(shape, dtype=xp.float32, device=device) for _ in range(2 + len(pairs))
        )
        self.covariance = dict(zip(pairs, moments, strict=True))

    def add(self, xp: Any, direction: Sequence[float], responses: list[Any], threshold: Any) -> None:
        """Add one direction: ``responses`` are those of the scales, (batch, voxel)."""
        # Piece by piece, so that the many steps of each stay in the processor's cache.
        for start in range(0, responses[0].shape[1], _PIECE):
            piece = slice(start, start + _PIECE)
            energy, amplitude, square = _energy(xp, [response[:, piece] for response in responses], threshold)
            self.energy[:, piece] += energy
            self.amplitude[:, piece] += amplitude
            for (row, column), moment in self.covariance.items():
                moment[:, piece] += direction[row] * direction[column] * square


def _energy(xp: Any, responses: list[Any], threshold: Any) -> tuple[Any, Any, Any]:
    """Kovesi's energy beyond the noise, weighted by its width; the sum of amplitudes; the square of their ratio."""
    first, *others = responses
    largest = xp.abs(first)
    amplitude, together = largest + 0.0, first + 0.0
    for other in others:
        length = xp.abs(other)
        largest = xp.maximum(largest, length)
        amplitude += length
        together += other
    length, mean = xp.abs(together), xp.conj(together)
    length += _TINY
    across = xp.abs(xp.imag(first * mean))
    for other in others:
        across += xp.abs(xp.imag(other * mean))
    # ``mean`` is not of unit length: dividing the sum is a third cheaper than dividing complex numbers.
    across /= length
    length -= across
    length -= threshold
    largest = largest + _TINY
    largest *= -_SCALES / _GAIN
    slope = xp.exp(amplitude / largest + _GAIN * _CUT_OFF)
    slope += 1.0
    # Half of the sum with its size is nothing below nothing, in a fifth of the time of a clip.
    energy = length + xp.abs(length)
    energy /= 2.0 * slope
    ratio = energy / (amplitude + _TINY)
    ratio *= ratio
    return energy, amplitude, ratio


def _median(xp: Any, values: Any) -> Any:
    """The middle value of each item of the batch; the upper one of two."""
    flat = xp.reshape(values, (values.shape[0], -1))
    half = flat.shape[1] // 2
    return (np.partition(flat, half, axis=1) if is_numpy_array(flat) else xp.sort(flat, axis=1))[:, half]


@lru_cache(maxsize=1)
def filters(shape: tuple[int, ...]) -> Bank:
    """The bank for pictures of ``shape``; that of the last shape is kept."""
    axes = frequencies(shape)
    radius = np.sqrt(sum((axis**2 for axis in axes), np.zeros(())))
    safe = np.where(radius > 0, radius, 1.0)
    low_pass = np.where(radius > 0, 1.0, 0.0) / (1.0 + (radius / 0.45) ** 30)
    centres = [1.0 / (_SHORTEST * _FACTOR**scale) for scale in range(_SCALES)]
    octaves = [np.log(safe / centre) / math.log(_BANDWIDTH) for centre in centres]
    scales = [low_pass * np.exp(-(distance**2) / 2.0) for distance in octaves]
    angular: list[Real] = []
    noise: list[float] = []
    for direction in directions(len(shape)):
        cosine = sum((part * axis for part, axis in zip(direction, axes, strict=True)), np.zeros(())) / safe
        angular.append(np.exp(-(np.arccos(np.clip(cosine, -1.0, 1.0)) ** 2) / (2.0 * _SPREAD**2)))
        noise.append(_noise([response * angular[-1] for response in scales]))
    single = [[np.asarray(response, np.float32) for response in part] for part in (scales, angular)]
    return Bank(single[0], single[1], noise)


def _noise(responses: list[Real]) -> float:
    """Kovesi's threshold for noise of unit median amplitude at the finest scale, from the filters' energies."""
    both = sum(responses, np.zeros(()))
    # What the real part of the impulse response is made of.
    even = (both + np.roll(np.flip(both), 1, axis=tuple(range(both.ndim)))) / 2
    power = (even**2).sum() / (responses[0] ** 2).sum() / math.log(2.0)
    tau = math.sqrt(power)
    sigma = math.sqrt(2.0 - math.pi / 2.0)
    return tau * (math.sqrt(math.pi / 2.0) + _NOISE_SIGMAS * sigma) / _NOISE_SCALE


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
    a, b, c, d, e, f = (value / safe for value in (a, b, c, d, e, f))
    determinant = a * (b * c - f**2) - d * (d * c - f * e) + e * (d * f - b * e)
    angle = xp.acos(xp.clip(determinant / 2, -1.0, 1.0)) / 3
    return mean + 2 * size * xp.cos(angle), mean + 2 * size * xp.cos(angle + 2 * math.pi / 3)


def _halved(picture: Any) -> Any:
    """Means of two neighbours along each axis; a last odd voxel is left out."""
    for axis in range(1, len(picture.shape)):
        length = picture.shape[axis] // 2 * 2
        if length:
            picture = (cut(picture, axis, 0, length, 2) + cut(picture, axis, 1, length, 2)) / 2
    return picture
