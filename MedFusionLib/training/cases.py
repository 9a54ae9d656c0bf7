"""Pairs from patients' volumes: aligned as the collection has them, windowed as a run does, and kept as arrays.

A network for pictures gets the slices in which every source shows something, one for volumes the whole volumes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedFusionLib.align import Aligned
from MedFusionLib.errors import BadInput
from MedFusionLib.layers import Layer, prepare_layers
from MedFusionLib.outputs import complete_folder
from MedFusionLib.progress import Progress
from MedFusionLib.training.pairs import Pair, Pairs
from MedFusionLib.training.recipe import DataSet
from MedFusionLib.training.series import split
from MedFusionLib.volume import Array, Volume

_FORMAT = 1
_ABOUT = "case.json"
_AXES = {"axial": 0, "coronal": 1, "sagittal": 2}
#: A slice shows something where a source is brighter than this in at least this share of it.
_VISIBLE, _CONTENT = 0.05, 0.02


def check_cases(data: DataSet, root: Path) -> tuple[set[str], set[str]]:
    """The cases to train on and to judge on; raises ``BadInput`` when they cannot be had."""
    folder = root / data.cases
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder", "Name a folder that holds one folder a patient")
    whole = [place.name for place in sorted(folder.iterdir())
             if place.is_dir() and all((place / file).exists() for file in data.volumes)]
    if not whole:
        raise BadInput(f"no folder in {folder} holds {', '.join(data.volumes)}", "Name files that every case has")
    return split(data, {case: [case] for case in whole})


def read_cases(data: DataSet, root: Path, cache: Path, dimension: int, progress: Progress) -> Pairs:
    """The pairs of ``data``; its volumes are aligned once and then taken from ``cache``. Test cases are not opened."""
    names = check_cases(data, root)
    wanted = sorted(names[0] | names[1])
    cut = _slices if dimension == 2 else _whole
    made: dict[str, tuple[Pair, ...]] = {}
    for number, name in enumerate(wanted):
        progress("read", number / len(wanted), f"{data.name} {name}")
        made[name] = tuple(cut(_case(data, root / data.cases / name, cache), data))
    coloured = tuple(plane.ndim > dimension for plane in next(pair for pairs in made.values() for pair in pairs).planes)
    learned, held = (tuple(pair for name in sorted(side) for pair in made[name]) for side in names)
    return Pairs(data.name, data.functional or coloured, learned, held, data.weight)


def _case(data: DataSet, place: Path, cache: Path) -> Pair:
    """A patient's volumes, from the cache where they are there already."""
    home = cache / f"{place.name}-{_key(data, place)}"
    if not home.is_dir():
        _align(data, place, home)
    spacing = tuple(json.loads((home / _ABOUT).read_text(encoding="utf-8"))["spacing"])
    planes = tuple(np.load(home / f"{number}.npy", mmap_mode="r") for number in range(data.count))
    return Pair(place.name, place.name, planes, spacing)


def _key(data: DataSet, place: Path) -> str:
    """What the arrays of a case depend on, in 16 letters."""
    files = [(name, (place / name).stat().st_size, (place / name).stat().st_mtime_ns) for name in data.volumes]
    told = json.dumps([_FORMAT, str(place), files, dict(data.windows), dict(data.colour_maps)], sort_keys=True)
    return sha256(told.encode()).hexdigest()[:16]


def _align(data: DataSet, place: Path, home: Path) -> None:
    """Read, resample and window the volumes of a case, and write them to the new folder ``home``."""
    from MedFusionLib.door import check_sources

    recipe = data.shown_as()
    volumes = check_sources([Volume.read(place / name) for name in data.volumes])
    aligned = _as_they_lie(volumes)
    spacing = [float(step) for step in aligned.fixed.image.GetSpacing()[::-1]]
    with complete_folder(home) as work:
        for number, layer in enumerate(prepare_layers(volumes, aligned, recipe)):
            np.save(work / f"{number}.npy", _stored(layer))
        (work / _ABOUT).write_text(json.dumps({"case": place.name, "spacing": spacing}), encoding="utf-8")


def _as_they_lie(volumes: Sequence[Volume]) -> Aligned:
    """The volumes on the grid of the first, where the collection's own geometry puts them; nobody judges that here."""
    from MedFusionLib.resample import resample

    fixed = volumes[0]
    moved = [resample(volume, fixed, sitk.Transform(3, sitk.sitkIdentity)) for volume in volumes[1:]]
    validity = (np.ones(fixed.array.shape[:3], bool), *(inside for _, inside in moved))
    return Aligned((fixed, *(source for source, _ in moved)), validity, (None,) * len(volumes))


def _stored(layer: Layer) -> Array:
    """Colour in 8 bits, as it is shown; grey in 16-bit floating point."""
    if layer.colour is not None:
        return np.round(layer.colour * 255.0).astype(np.uint8)
    return layer.grey.astype(np.float16)


def _whole(case: Pair, data: DataSet) -> Iterator[Pair]:
    yield case


def _slices(case: Pair, data: DataSet) -> Iterator[Pair]:
    """The slices of a case across the recipe's axis in which every source shows something."""
    axis = _AXES[data.plane]
    spacing = (*case.spacing[:axis], *case.spacing[axis + 1:])
    ahead = tuple(np.moveaxis(plane, axis, 0) for plane in case.planes)
    shown = np.logical_and.reduce([_shown(plane) for plane in ahead])
    for number in np.flatnonzero(shown):
        yield Pair(f"{case.name} {number}", case.series, tuple(plane[number] for plane in ahead), spacing)


def _shown(plane: Array) -> Array:
    """For each slice (first axis) whether it shows something."""
    brightest = plane.max(axis=-1) if plane.ndim > 3 else plane
    bright = brightest > _VISIBLE * (255.0 if plane.dtype == np.uint8 else 1.0)
    return np.asarray(bright.mean(axis=(1, 2)) >= _CONTENT)
