"""A volume made ready for the search: intensities in [0, 1], the body, and smooth versions at several scales."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from MedFusionLib.registration.masks import body
from MedFusionLib.registration.motion import Vector
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
        indices: Points = ((points - self.origin) @ self.to_index.T)[:, ::-1]
        return indices

    def __call__(self, points: Points) -> tuple[FloatArray, Array]:
        """The values at ``points`` (linear interpolation), and which of them lie in the field of view."""
        place = self.index(points)
        inside = np.all((place >= -0.5) & (place <= np.array(self.array.shape) - 0.5), axis=1)
        return map_coordinates(self.array, place.T, order=1, mode="nearest", prefilter=False), inside


@dataclass(frozen=True, eq=False)
class Prepared:
    """A volume for the search: values in [0, 1] on a grid of at least 1.25 mm, and the region to look at.

    ``region`` is the user's mask, or the body with 8 mm of air around it, where the skin shows.
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
        points: Points = indices[:, ::-1] @ self.to_world.T + self.origin
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
    """``volume`` ready for the search; ``mask`` (on its grid) replaces the region that is found."""
    image = scalar(volume)
    factors = [max(1, int(_BASE_MM // step)) for step in image.GetSpacing()]
    image = sitk.BinShrink(image, factors)
    small = replace(volume, image=image)
    inside = body(small)
    region = _with_skin(inside, image.GetSpacing()[::-1])
    if mask is not None:
        label = sitk.Resample(mask.image, image, sitk.Transform(3, sitk.sitkIdentity), sitk.sitkNearestNeighbor)
        region = sitk.GetArrayFromImage(label) != 0
    array = sitk.GetArrayFromImage(image)
    low, high = _range(volume, array, inside)
    array = np.clip((array - low) / (high - low), 0.0, 1.0).astype(np.float32)
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
