"""Planes through the volumes of a run, as they are shown to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from MedFusionLib.layers import Layer, prepare_layer
from MedFusionLib.volume import Array, Volume

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result

PLANES = {"axial": 0, "coronal": 1, "sagittal": 2}
PICTURE = {"picture": -1}
#: The patient axes of ITK (LPS): what lies toward lower, and toward higher coordinates.
_ENDS = (("R", "L"), ("A", "P"), ("I", "S"))


@dataclass(frozen=True)
class Sides:
    """The patient's sides at the edges of a plane: R, L, A, P, I or S."""

    left: str
    right: str
    top: str
    bottom: str


def planes_of(volume: Volume) -> dict[str, int]:
    """The planes in which ``volume`` is shown, with their array axes; a picture is shown as it is (axis -1)."""
    return PLANES if volume.dimension == 3 else PICTURE


def layers_of(result: Result) -> list[Layer]:
    """The aligned sources of ``result`` through their windows and colour maps."""
    parts = zip(result.sources, result.validity, result.windows, result.colour_maps, strict=True)
    return [prepare_layer(*part) for part in parts]


def shown(layer: Layer) -> Array:
    """What is seen of ``layer``: grey, or RGB where it has colour, in [0, 1]."""
    return layer.grey if layer.colour is None else layer.colour


def in_unit_range(fused: Array) -> Array:
    """A fused array in [0, 1], also where it is 8-bit RGB."""
    return fused / np.float32(255.0) if fused.dtype == np.uint8 else fused


def centre_of(result: Result, layers: list[Layer]) -> tuple[int, ...]:
    """Where to cut the sources of ``result``: see :func:`middle_of`."""
    roles = [source.about.role == "functional" and not source.is_colour for source in result.sources]
    return middle_of(layers, next((layer for layer, role in zip(layers, roles, strict=True) if role), None))


def middle_of(layers: Sequence[Layer], functional: Layer | None) -> tuple[int, ...]:
    """Where to cut: through the brightest spot of the ``functional`` layer, else the middle of what all see."""
    from scipy.ndimage import gaussian_filter

    common = np.logical_and.reduce([layer.validity for layer in layers])
    common = common if common.any() else np.ones_like(common)
    if functional is None:
        return tuple(int(np.median(index)) for index in np.nonzero(common))
    smooth = gaussian_filter(np.where(common, functional.grey, 0).astype(np.float32), 3)
    return tuple(int(index) for index in np.unravel_index(int(smooth.argmax()), smooth.shape))


def cut(volume: Array, axis: int, centre: tuple[int, ...]) -> Array:
    """The slice of ``volume`` through ``centre``; coronal and sagittal with the head up."""
    if axis < 0:
        return volume
    plane: Array = np.take(volume, centre[axis], axis=axis)
    return plane if axis == 0 else plane[::-1]


def extent(volume: Volume, axis: int) -> tuple[float, float]:
    """Width and height in mm of a slice across array axis ``axis`` (pixels for a picture)."""
    size, spacing = volume.image.GetSize(), volume.image.GetSpacing()
    across, down = _image_axes(axis)
    return size[across] * spacing[across], size[down] * spacing[down]


def sides(volume: Volume, axis: int) -> Sides:
    """Which sides of the patient the edges of a slice across array axis ``axis`` are nearest to."""
    across, down = _image_axes(axis)
    left, right = _ends(volume, across)
    top, bottom = _ends(volume, down)
    return Sides(left, right, top, bottom) if axis == 0 else Sides(left, right, bottom, top)


def _image_axes(axis: int) -> tuple[int, int]:
    """The axes x, y or z of the image that run across and down a slice."""
    return {1: (0, 2), 2: (1, 2)}.get(axis, (0, 1))


def _ends(volume: Volume, image_axis: int) -> tuple[str, str]:
    """What lies at the first and at the last voxel along an axis of the image."""
    direction = np.array(volume.image.GetDirection()).reshape(3, 3)[:, image_axis]
    nearest = int(np.abs(direction).argmax())
    low, high = _ENDS[nearest]
    return (low, high) if direction[nearest] > 0 else (high, low)


def scale_bar(width: float) -> int:
    """The length in mm of a scale bar: the longest round one under half of ``width`` mm."""
    return max((step for step in (5, 10, 20, 50, 100, 200) if step <= width / 2), default=1)
