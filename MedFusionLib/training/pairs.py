"""Pairs in memory, and how some of them become a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from MedFusionLib.colour import FloatArray, luma, mix_colours
from MedFusionLib.training.batch import Batch
from MedFusionLib.volume import Array


@dataclass(frozen=True, eq=False)
class Pair:
    """Sources that belong together: a pair of pictures, a slice of a patient, or a patient's volumes.

    ``planes`` holds each source with shape (*spatial), or (*spatial, 3) where its data set has it in colour: 0 to 255
    in 8 bits, or 0 to 1 in floating point. ``spacing`` is in mm in the order of the axes.
    """

    name: str
    series: str
    planes: tuple[Array, ...]
    spacing: tuple[float, ...]

    @property
    def size(self) -> tuple[int, ...]:
        """The spatial shape."""
        return self.planes[0].shape[:len(self.spacing)]


@dataclass(frozen=True, eq=False)
class Pairs:
    """A data set in memory: what is learned from and what is judged on, and which sources are functional."""

    name: str
    functional: tuple[bool, ...]
    training: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    weight: float


def unit(plane: Array) -> FloatArray:
    """A plane as float32 in [0, 1]."""
    scaled = plane.astype(np.float32)
    return scaled / np.float32(255.0) if plane.dtype == np.uint8 else scaled


def to_batch(items: Sequence[Sequence[Array]], functional: tuple[bool, ...], dimension: int) -> Batch:
    """A batch of ``items``, each the planes of its sources, all of one size."""
    greys: list[FloatArray] = []
    colours: list[FloatArray] = []
    for planes, is_functional in zip(zip(*items, strict=True), functional, strict=True):
        stack = unit(np.stack(planes))
        coloured = stack.ndim > dimension + 1
        greys.append(luma(stack) if coloured else stack)
        if coloured and is_functional:
            colours.append(stack)
    sources = torch.from_numpy(np.stack(greys, axis=1))
    if not colours:
        return Batch(sources, functional)
    mixed = np.moveaxis(mix_colours(colours), -1, 1)
    return Batch(sources, functional, torch.from_numpy(np.ascontiguousarray(mixed)))
