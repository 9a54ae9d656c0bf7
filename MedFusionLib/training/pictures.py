"""Pairs of pictures from two folders, read into memory once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from MedFusionLib.benchmark.cases import picture_layer, pictures_in, series_of
from MedFusionLib.errors import BadInput
from MedFusionLib.progress import Progress
from MedFusionLib.training.pairs import Pair, Pairs
from MedFusionLib.training.recipe import DataSet
from MedFusionLib.training.series import split
from MedFusionLib.volume import Array


def check_pictures(data: DataSet, root: Path) -> tuple[set[str], set[str]]:
    """The names of the pictures to train on and to judge on; raises ``BadInput`` when they cannot be had."""
    folders = [pictures_in(root / folder) for folder in (data.a, data.b)]
    shared = sorted(set(folders[0]) & set(folders[1]))
    if not shared:
        raise BadInput(f"data set '{data.name}': no picture has the same name in {data.a} and {data.b}",
                       "Name the pictures of a pair alike")
    slices: dict[str, list[str]] = {}
    for name in shared:
        slices.setdefault(series_of(name), []).append(name)
    return split(data, slices)


def read_pictures(data: DataSet, root: Path, progress: Progress, known: dict[Path, Array]) -> Pairs:
    """The pairs of ``data`` in memory. Test series are not opened. Raises ``BadInput`` for what cannot be read.

    ``known`` holds the pictures that another data set has read, such as the same pairs the other way round.
    """
    names = check_pictures(data, root)
    folders = [pictures_in(root / folder) for folder in (data.a, data.b)]
    wanted = sorted(names[0] | names[1])
    read: dict[str, list[Array]] = {}
    for number, name in enumerate(wanted):
        progress("read", number / len(wanted), f"{data.name} {name}")
        files = [folder[name] for folder in folders]
        known.update({file: _read(file) for file in files if file not in known})
        read[name] = [known[file] for file in files]
        if len({plane.shape[:2] for plane in read[name]}) > 1:
            raise BadInput(f"data set '{data.name}': the pictures {name} differ in size", "Give registered pairs")
    coloured = tuple(any(planes[side].ndim == 3 for planes in read.values()) for side in (0, 1))
    made = {name: Pair(name, series_of(name), _alike(planes, coloured), (1.0, 1.0)) for name, planes in read.items()}
    learned, held = (tuple(made[name] for name in sorted(side)) for side in names)
    return Pairs(data.name, data.functional or coloured, learned, held, data.weight)


def _read(file: Path) -> Array:
    """A picture in 8 bits, with a last axis of 3 where it has colour."""
    layer = picture_layer(file)
    shown = layer.grey if layer.colour is None else layer.colour
    return np.round(shown * 255.0).astype(np.uint8)


def _alike(planes: Sequence[Array], coloured: Sequence[bool]) -> tuple[Array, ...]:
    """The planes with a colour axis wherever another picture of that side has one."""
    return tuple(
        np.repeat(plane[..., np.newaxis], 3, axis=-1) if has_colour and plane.ndim == 2 else plane
        for plane, has_colour in zip(planes, coloured, strict=True)
    )
