"""Checkerboards of registered volumes with the fixed one: before and after, so that a person can judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from MedFusionLib.cuts import cut, shown
from MedFusionLib.layers import Layer, prepare_layer
from MedFusionLib.tiles import second_fields
from MedFusionLib.volume import Array, Volume

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result
    from MedFusionLib.registration.settings import Registration

_TILE = 20.0


@dataclass(frozen=True, eq=False)
class Board:
    """A registered volume beside the fixed one, both on the fixed ``grid``.

    ``before`` is the volume where its own coordinates put it, ``after`` where the registration does.
    """

    name: str
    fixed: Layer
    before: Layer
    after: Layer
    grid: Volume
    registration: Registration

    def plane(self, other: Layer, axis: int, centre: tuple[int, ...]) -> Array:
        """The checkerboard of the fixed volume and ``other`` (before or after) in one plane, as RGB in [0, 1].

        Fields of 20 mm in turn; only the fixed volume where the other is blind.
        """
        first, second = (_rgb(cut(shown(layer), axis, centre)) for layer in (self.fixed, other))
        chosen = self._fields(axis, centre) & cut(other.validity, axis, centre)
        return np.where(chosen[..., np.newaxis], second, first)

    def _fields(self, axis: int, centre: tuple[int, ...]) -> Array:
        """Where the checkerboard in space shows the second volume in one plane."""
        spacing = self.grid.image.GetSpacing()[::-1]
        shape = self.fixed.grey.shape
        inside = [number for number in range(3) if number != axis]
        fields = second_fields([shape[number] for number in inside], [spacing[number] for number in inside], _TILE)
        turned = centre[axis] * spacing[axis] // _TILE % 2 == 1
        fields = ~fields if turned else fields
        return fields if axis == 0 else fields[::-1]


def checkerboards(result: Result, layers: list[Layer]) -> list[Board]:
    """The checkerboards of every registered volume of ``result`` with the fixed one."""
    from MedFusionLib.resample import resample

    grid, boards = result.sources[0], []
    still = sitk.Transform(3, sitk.sitkIdentity)
    for number, registration in enumerate(result.registrations):
        if registration is None:
            continue
        layer = layers[number]
        unmoved, inside = resample(result.originals[number], grid, still)
        before = prepare_layer(unmoved, inside, layer.window, layer.colour_map)
        boards.append(Board(layer.name, layers[0], before, layer, grid, registration))
    return boards


def _rgb(picture: Array) -> Array:
    return picture if picture.ndim == 3 else picture[..., np.newaxis].repeat(3, -1)
