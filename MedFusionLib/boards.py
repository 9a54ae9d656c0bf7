"""Checkerboards of registered volumes with the fixed one: before and after, so that a person can judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from MedFusionLib.cuts import shown
from MedFusionLib.layers import Layer, prepare_layer
from MedFusionLib.tiles import second_fields
from MedFusionLib.volume import Array, Volume

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result
    from MedFusionLib.registration.settings import Registration


@dataclass(frozen=True, eq=False)
class Board:
    """A registered volume's checkerboards with the fixed one, as RGB: in its own coordinates, and registered."""

    name: str
    before: Array
    after: Array
    registration: Registration


def checkerboards(result: Result, layers: list[Layer]) -> list[Board]:
    """The checkerboards of every registered volume of ``result`` with the fixed one."""
    from MedFusionLib.resample import resample

    fixed, boards = result.sources[0], []
    still = sitk.Transform(3, sitk.sitkIdentity)
    for number, registration in enumerate(result.registrations):
        if registration is None:
            continue
        layer = layers[number]
        before, inside = resample(result.originals[number], fixed, still)
        unmoved = prepare_layer(before, inside, layer.window, layer.colour_map)
        pair = [_checkerboard(layers[0], other, fixed) for other in (unmoved, layer)]
        boards.append(Board(layer.name, pair[0], pair[1], registration))
    return boards


def _checkerboard(first: Layer, second: Layer, grid: Volume, tile: float = 20.0) -> Array:
    """Fields of ``tile`` mm from ``first`` and ``second`` in turn, as RGB; only ``first`` where ``second`` is blind."""
    spacing = grid.image.GetSpacing()[::-1]
    colours = [
        shown(layer) if layer.colour is not None else shown(layer)[..., np.newaxis].repeat(3, -1)
        for layer in (first, second)
    ]
    chosen = second_fields(first.grey.shape, spacing, tile) & second.validity
    return np.where(chosen[..., np.newaxis], colours[1], colours[0])
