"""A volume made ready for the search: intensities in [0, 1], the body, and smooth versions at several scales."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from MedFusionLib.registration.masks import body
from MedFusionLib.registration.motion import Vector, turned
from MedFusionLib.registration.prepare import scalar
from MedFusionLib.registration.settings import Points
from MedFusionLib.volume import Array, Volume

_BASE_MM = 1.25
_SKIN_MM = 8.0
_SOFT_TISSUE_HU = (-200.0, 300.0)
_PERCENTILES = (0.5, 99.5)
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sampler:
    """An image that can be asked for its value at any point; ``to_index`` maps points to array indices."""

    array: FloatArray
    origin: Vector
    to_index: npt.NDArray[np.float64]

    def index(self, points: Points) -> Points:
        """Points (LPS, mm) as array indices (z, y, x)."""
        indices: Points = turned(points - self.origin, self.to_index)[:, ::-1]
        return indices

    def __call__(self, points: Points) -> tuple[FloatArray, FloatArray]:
        """The values at ``points`` (linear interpolation), and how far inside the field of view: 0 to 1 in a voxel."""
        place = self.index(points).T
        return map_coordinates(self.array, place, order=1, mode="nearest", prefilter=False), self._inside(place)[0]

    def slope(self, points: Points) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The values, their derivatives (n, 3) by the points (per mm), how far inside, and its derivatives."""
        place = self.index(points).T
        inside, fading = self._inside(place)
        last = np.array(self.array.shape)[:, np.newaxis] - 1
        held = np.clip(place, 0, last)
        low = np.minimum(held.astype(np.int64), np.maximum(last - 1, 0))
        part = (held - low).astype(np.float32)
        stride = np.array([self.array.shape[1] * self.array.shape[2], self.array.shape[2], 1])
        step = np.where(last[:, 0] > 0, stride, 0)
        corner = stride @ low
        flat = self.array.ravel()
        z, y, x = part
        lines = [flat[corner + dz + dy] for dz in (0, step[0]) for dy in (0, step[1])]
        ahead = [flat[corner + dz + dy + step[2]] for dz in (0, step[0]) for dy in (0, step[1])]
        along_x = [b - a for a, b in zip(lines, ahead, strict=True)]
        on_x = [a + x * d for a, d in zip(lines, along_x, strict=True)]
        planes = [on_x[0] + y * (on_x[1] - on_x[0]), on_x[2] + y * (on_x[3] - on_x[2])]
        by_z = planes[1] - planes[0]
        by_y = (1 - z) * (on_x[1] - on_x[0]) + z * (on_x[3] - on_x[2])
        by_x = (1 - z) * ((1 - y) * along_x[0] + y * along_x[1]) + z * ((1 - y) * along_x[2] + y * along_x[3])
        by_index = np.stack([by_z, by_y, by_x]) * (held == place)
        return planes[0] + z * by_z, self._by_point(by_index), inside, self._by_point(fading)

    def _inside(self, place: npt.NDArray[np.float64]) -> tuple[FloatArray, FloatArray]:
        """1 inside the field of view, falling to 0 within a voxel at its border; and the derivatives by the index."""
        last = np.array(self.array.shape)[:, np.newaxis] - 1
        room = np.minimum(place, last - place) + 0.5
        share = np.clip(room, 0.0, 1.0)
        falling = np.where((room > 0) & (room < 1), np.where(place < last / 2, 1.0, -1.0), 0.0)
        others = np.stack([share[1] * share[2], share[0] * share[2], share[0] * share[1]])
        return (share[0] * others[0]).astype(np.float32), (falling * others).astype(np.float32)

    def _by_point(self, by_index: npt.NDArray[Any]) -> FloatArray:
        """Derivatives by the index (z, y, x) as derivatives by the point (LPS, mm)."""
        by_point: FloatArray = turned(by_index[::-1].T, self.to_index.T).astype(np.float32)
        return by_point


@dataclass(frozen=True, eq=False)
class Prepared:
    """A volume for the search: values in [0, 1] on a grid of at least 1.25 mm, and the region to look at.

    ``region`` is the user's mask, or the body with 8 mm of air around it, where the skin shows (of a functional
    volume: all of it).
    """

    array: FloatArray
    region: npt.NDArray[np.bool_]
    body: npt.NDArray[np.bool_]
    origin: Vector
    to_world: npt.NDArray[np.float64]
    smooth: dict[float, FloatArray] = field(default_factory=dict)

    def at(self, scale: float) -> Sampler:
        """The image smoothed to ``scale`` mm (Gaussian of half that as sigma), remembered for the next search."""
        if scale not in self.smooth:
            spacing = np.linalg.norm(self.to_world, axis=0)[::-1]
            self.smooth[scale] = gaussian_filter(self.array, 0.5 * scale / spacing, mode="nearest")
        return Sampler(self.smooth[scale], self.origin, np.asarray(np.linalg.inv(self.to_world), np.float64))

    def world(self, indices: Points) -> Points:
        """Array indices (z, y, x) as points (LPS, mm)."""
        points: Points = turned(indices[:, ::-1], self.to_world) + self.origin
        return points

    def region_points(self, count: int, seed: int) -> Points:
        """``count`` points of the region, each at a random place in its voxel, the same for the same ``seed``."""
        indices = np.argwhere(self.region)
        random = np.random.default_rng(seed)
        chosen = np.sort(random.choice(len(indices), min(count, len(indices)), replace=False))
        return self.world(indices[chosen] + random.uniform(-0.5, 0.5, (len(chosen), 3)))

    def mirrored(self, axes: tuple[int, ...]) -> Prepared:
        """The anatomy mirrored in place along patient axes (0 left-right, 1 front-back, 2 head-foot)."""
        sign = np.ones(3)
        sign[list(axes)] = -1.0
        middle = self.world(np.array([[(n - 1) / 2 for n in self.array.shape]]))[0]
        return replace(
            self, origin=sign * (self.origin - middle) + middle, to_world=sign[:, np.newaxis] * self.to_world
        )

    @property
    def extent(self) -> float:
        """The volume of the region in mm3."""
        return float(self.region.sum() * abs(np.linalg.det(self.to_world)))


def prepare(volume: Volume, mask: Volume | None = None) -> Prepared:
    """``volume`` ready for the search; ``mask`` (on its grid) replaces the region that is found.

    A functional volume shows hot spots rather than a body: all of it is looked at, and the root of its values is
    taken, so that the faint skin counts beside a hot tumour.
    """
    image = scalar(volume)
    factors = [max(1, int(_BASE_MM // step)) for step in image.GetSpacing()]
    image = sitk.BinShrink(image, factors)
    small = replace(volume, image=image)
    inside = body(small)
    functional = volume.about.role == "functional"
    region = np.ones_like(inside) if functional else _with_skin(inside, image.GetSpacing()[::-1])
    if mask is not None:
        label = sitk.Resample(mask.image, image, sitk.Transform(3, sitk.sitkIdentity), sitk.sitkNearestNeighbor)
        region = sitk.GetArrayFromImage(label) != 0
    array = sitk.GetArrayFromImage(image)
    low, high = _range(volume, array, inside)
    array = np.clip((array - low) / (high - low), 0.0, 1.0).astype(np.float32)
    if functional:
        array = np.sqrt(array)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    to_world = direction @ np.diag(image.GetSpacing())
    return Prepared(array, region, inside, np.array(image.GetOrigin()), to_world)


def _with_skin(inside: Array, spacing: tuple[float, ...]) -> npt.NDArray[np.bool_]:
    far: npt.NDArray[np.float64] = distance_transform_edt(~inside, sampling=spacing)
    return far <= _SKIN_MM


def _range(volume: Volume, array: Array, inside: Array) -> tuple[float, float]:
    """The intensities that carry anatomy: soft tissue for CT in HU, robust percentiles of the body otherwise."""
    low, high = (float(value) for value in np.percentile(array[inside], _PERCENTILES))
    if volume.unit == "HU" and low < _SOFT_TISSUE_HU[1] and high > _SOFT_TISSUE_HU[0]:
        return _SOFT_TISSUE_HU
    low = min(low, max(float(array.min()), 0.0))
    return (low, high) if high > low else (low, low + 1.0)
