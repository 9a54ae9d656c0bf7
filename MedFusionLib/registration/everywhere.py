"""Looking everywhere: NMI for all shifts at once, rotation by rotation, through Fourier transforms.

The joint histogram of two images with a few grey levels, as a function of the shift between them, is a set of
cross-correlations of the levels' indicator images (Öfverstedt, Lindblad and Sladoje 2022), so that each rotation
needs a handful of FFTs to know the measure for every shift.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from MedFusionLib.registration.motion import Motion, Vector, turned
from MedFusionLib.registration.prepared import Prepared, Sampler
from MedFusionLib.registration.similarity import LEAST_OVERLAP, OVERLAP_POWER, information

LEVELS = 5
_KEPT = 100
_COUNTS = 32


class Everywhere:
    """The measure of ``template`` in ``other`` for all shifts, on a grid of ``voxel`` mm."""

    def __init__(self, template: Prepared, other: Prepared, voxel: float) -> None:
        self._voxel = voxel
        self._template, self._values = template, template.at(voxel)
        self._region = Sampler(template.region.astype(np.float32), self._values.origin, self._values.to_index)
        self._template_levels = _level_borders(self._values.array[template.region])
        indices = np.argwhere(template.region)
        box = _corners(template, indices.min(axis=0), indices.max(axis=0))
        self._middle: Vector = (box.min(axis=0) + box.max(axis=0)) / 2
        self._half = (box.max(axis=0) - box.min(axis=0)) / 2
        self._low, levels = self._level_images(other)
        # The template may reach out of the other volume by less than half, so half its size is room enough.
        reach = np.ceil(np.linalg.norm(self._half) / voxel)
        self._shape = np.array(levels.shape[1:])
        self._sizes = [fft.next_fast_len(int(max(size + reach, 2 * reach + 1)), real=True) for size in self._shape]
        self._other = fft.rfftn(levels, self._sizes, axes=(1, 2, 3))

    def _level_images(self, other: Prepared) -> tuple[Vector, npt.NDArray[np.float32]]:
        """The other volume's levels as indicator images on an upright grid, and that grid's corner."""
        sampler = other.at(self._voxel)
        borders = _level_borders(sampler.array[other.region])
        corners = _corners(other, np.zeros(3), np.array(other.array.shape) - 1)
        low = corners.min(axis=0)
        sizes = np.ceil((corners.max(axis=0) - low) / self._voxel).astype(int) + 1
        values, inside = sampler(low + self._voxel * _grid([np.arange(size) for size in sizes]))
        return low, _indicators(values, inside > 0, borders, tuple(sizes))

    def best(self, rotation: Vector) -> list[tuple[float, Motion]]:
        """The best shifts for ``rotation`` (rotation vector, rad), each with its NMI - 1."""
        levels = self._rotated(rotation)
        reach = np.array(levels.shape[1:]) // 2
        template = np.conj(fft.rfftn(levels, self._sizes, axes=(1, 2, 3)))
        joint = np.stack([fft.irfftn(row * self._other, self._sizes, axes=(1, 2, 3)) for row in template])
        joint = np.maximum(np.round(joint), 0.0)
        overlap = joint.sum(axis=(0, 1)) / max(float(levels.sum()), 1.0)
        enough = overlap >= max(LEAST_OVERLAP, _COUNTS / max(float(levels.sum()), 1.0))
        if not enough.any():
            return []
        scores = information(np.moveaxis(joint[:, :, enough], -1, 0)) * overlap[enough] ** OVERLAP_POWER
        shifts = np.argwhere(enough)
        top = np.argsort(-scores, kind="stable")[:_KEPT]
        return [(float(scores[place]), self._motion(rotation, shifts[place], reach)) for place in top]

    def _motion(self, rotation: Vector, shift: npt.NDArray[np.int64], reach: Vector) -> Motion:
        """The motion that puts the template's middle where the correlation's ``shift`` says."""
        wrapped = np.where(shift >= self._shape, shift - np.array(self._sizes), shift)
        target = self._low + self._voxel * (wrapped + reach)
        return Motion(rotation, target - self._middle, self._middle)

    def _rotated(self, rotation: Vector) -> npt.NDArray[np.float32]:
        """The rotated template's levels as indicator images, its middle at the middle of the grid."""
        turn = Rotation.from_rotvec(rotation).as_matrix()
        reach = np.ceil(np.abs(turn) @ self._half / self._voxel).astype(int)
        offsets = self._voxel * _grid([np.arange(-side, side + 1) for side in reach])
        points = turned(offsets, turn.T) + self._middle
        values, inside = self._values(points)
        index = self._region.index(points).T
        here = map_coordinates(self._region.array, index, order=1, mode="constant", prefilter=False)
        inside = (inside > 0) & (here > 0.5)
        return _indicators(values, inside, self._template_levels, tuple(2 * reach + 1))


def candidates(search: Everywhere, rotations: npt.NDArray[np.float64]) -> Iterator[list[tuple[float, Motion]]]:
    """For each of ``rotations`` (rotation vectors, degrees) the best shifts."""
    for rotation in rotations:
        yield search.best(np.radians(rotation))


def _corners(prepared: Prepared, first: Vector, last: Vector) -> npt.NDArray[np.float64]:
    """The eight corners (LPS, mm) of the box between two array indices."""
    ends = np.stack([first, last]).astype(float)
    return prepared.world(np.stack(np.meshgrid(*ends.T, indexing="ij"), axis=-1).reshape(-1, 3))


def _grid(ticks: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.float64]:
    return np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float64)


def _level_borders(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Borders that put about equally many voxels into each level."""
    return np.unique(np.quantile(values, np.linspace(0, 1, LEVELS + 1)[1:-1]))


def _indicators(
    values: npt.NDArray[np.float32],
    inside: npt.NDArray[np.bool_],
    borders: npt.NDArray[np.float64],
    shape: tuple[int, ...],
) -> npt.NDArray[np.float32]:
    level = np.digitize(values, borders)
    images = [((level == number) & inside).reshape(shape) for number in range(len(borders) + 1)]
    return np.stack(images).astype(np.float32)
