"""The cases of a study: from folders of pictures, or from the folder of a comparison of volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from MedFusionLib.cuts import cut, extent, in_unit_range, shown
from MedFusionLib.errors import BadInput
from MedFusionLib.intensity import Window
from MedFusionLib.layers import prepare_layer
from MedFusionLib.outputs import file_stems
from MedFusionLib.record import Record
from MedFusionLib.saved import read_record
from MedFusionLib.study import Case
from MedFusionLib.volume import Array, Volume

_AXIAL = 0


def from_folders(
    fused: Mapping[str, Path], sources: Mapping[str, Path], count: int | None = None, seed: int = 0
) -> tuple[Case, ...]:
    """Cases of the PNG pictures that all the folders ``fused`` (by method) and ``sources`` (by name) share.

    ``count`` of them are drawn with ``seed`` (None: all). Raises ``BadInput`` when they share none, or when the
    pictures of a case differ in size.
    """
    folders = [*fused.values(), *sources.values()]
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"{folder} is no folder", "Give NAME=DIR with a folder of PNG pictures")
    shared = sorted(set.intersection(*({file.name for file in folder.glob("*.png")} for folder in folders)))
    if not shared:
        raise BadInput(f"{len(folders)} folders share no PNG picture", "Name the pictures of a case alike in all")
    if count is not None and count < len(shared):
        drawn = np.random.default_rng(seed).choice(len(shared), size=count, replace=False)
        shared = [shared[number] for number in sorted(drawn)]
    return tuple(_case(name, fused, sources) for name in shared)


def from_comparison(
    folder: Path, count: int = 6, fixed: Path | None = None, methods: Sequence[str] = ()
) -> tuple[Case, ...]:
    """Axial slices, evenly apart, of the volumes that ``medfusion compare`` wrote to ``folder``.

    ``fixed`` is the file of the fixed volume, which that folder does not hold, to be shown among the sources.
    ``methods`` are those to show (empty: all). Raises ``BadInput`` for a folder without a comparison of volumes.
    """
    record = read_record(folder / "record.json")
    names = [told["volume"] for told in record.fusions]
    files = {
        told["method"]: folder / f"{stem}.nii.gz"
        for told, stem in zip(record.fusions, file_stems(names), strict=True)
        if not methods or told["method"] in methods
    }
    if len(files) < 2 or not all(file.is_file() for file in files.values()):
        raise BadInput(f"{folder} holds no comparison of volumes", "Give the folder that 'medfusion compare' wrote")
    volumes = {method: Volume.read(file, modality="unknown") for method, file in files.items()}
    fused = {method: in_unit_range(volume.array) for method, volume in volumes.items()}
    grid = next(iter(volumes.values()))
    sources = _sources(folder, record, fixed, grid)
    width, height = extent(grid, _AXIAL)
    places = np.linspace(0, grid.array.shape[0], count + 2)[1:-1].astype(int)
    return tuple(
        Case(
            f"slice {place}",
            {name: cut(array, _AXIAL, (int(place),)) for name, array in sources.items()},
            {method: cut(array, _AXIAL, (int(place),)) for method, array in fused.items()},
            width / height,
        )
        for place in dict.fromkeys(places.tolist())
    )


def _case(name: str, fused: Mapping[str, Path], sources: Mapping[str, Path]) -> Case:
    pictures = {label: _picture(folder / name) for label, folder in {**sources, **fused}.items()}
    shapes = {picture.shape[:2] for picture in pictures.values()}
    if len(shapes) > 1:
        raise BadInput(f"the pictures {name} have {len(shapes)} sizes", "Give pictures of one size for each case")
    rows, columns = shapes.pop()
    return Case(
        Path(name).stem,
        {label: pictures[label] for label in sources},
        {label: pictures[label] for label in fused},
        columns / rows,
    )


def _picture(path: Path) -> Array:
    volume = Volume.read(path, modality="unknown")
    if volume.array.dtype != np.uint8:
        raise BadInput(f"{path.name} has {volume.array.dtype} pixels", "Give 8-bit pictures")
    return np.asarray(volume.array / np.float32(255.0))


def _sources(folder: Path, record: Record, fixed: Path | None, grid: Volume) -> dict[str, Array]:
    """The aligned sources through the windows of the record."""
    stems = file_stems([told["name"] for told in record.inputs])
    files = [fixed, *(folder / f"aligned_{stem}.nii.gz" for stem in stems[1:])]
    shown_ones: dict[str, Array] = {}
    for told, window, file in zip(record.inputs, record.windows, files, strict=True):
        if file is not None:
            shown_ones[told["name"]] = _source(file, told, window, grid)
    return shown_ones


def _source(file: Path, told: Mapping[str, Any], window: Mapping[str, Any], grid: Volume) -> Array:
    volume = Volume.read(file, modality=told["modality"], name=told["name"])
    shape = grid.array.shape[:3]
    if volume.array.shape[:3] != shape:
        raise BadInput(f"{file.name} has another size than the fused volumes", "Give the comparison's fixed volume")
    seen = Window(window["lower"], window["upper"], window["window"])
    return shown(prepare_layer(volume, np.ones(shape, bool), seen, window["colour_map"]))
