"""Cases of a benchmark, each read when its turn comes: pairs of pictures in two folders, or folders of volumes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from MedFusionLib.benchmark import CaseName
from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.subject import Subject
from MedFusionLib.intensity import choose_window
from MedFusionLib.layers import Layer, prepare_layer
from MedFusionLib.scoring import Setting
from MedFusionLib.volume import Array, Volume

_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


@dataclass(frozen=True)
class Loaded:
    """A case in memory: what its lines share, and the fused images made elsewhere by their names."""

    setting: Setting
    given: dict[str, Array]


@dataclass(frozen=True)
class Case:
    """A case and how to load it."""

    name: CaseName
    load: Callable[[], Loaded]


def series_of(stem: str) -> str:
    """The series of a slice: its file's name less the last three digits, or the whole name where it has none."""
    return re.sub(r"\d{3}$", "", stem) or stem


def pictures_in(folder: Path) -> dict[str, Path]:
    """The pictures in ``folder`` by the stem of their name; raises ``BadInput`` when there are none."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder", "Name a folder of pictures")
    found = {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() in _PICTURES}
    if not found:
        raise BadInput(f"{folder} holds no pictures", f"Give a folder of {', '.join(_PICTURES)}")
    return found


def picture_pairs(
    folders: Sequence[Path], given: Mapping[str, Path], series: Sequence[str], metrics: tuple[str, ...]
) -> tuple[list[Case], tuple[str, ...]]:
    """The cases of pictures that have the same name in all ``folders`` and in all folders of ``given``.

    ``series`` limits them to some patients (empty: all). Returns the cases, and notes on what was left out.
    Raises ``BadInput`` when nothing is left.
    """
    sides = [pictures_in(folder) for folder in folders]
    ready = {name: pictures_in(folder) for name, folder in given.items()}
    paired = set.intersection(*(set(side) for side in sides))
    names = [name for name in paired if not series or series_of(name) in series]
    shared = sorted(set(names).intersection(*(set(files) for files in ready.values())))
    if not shared:
        raise BadInput(
            f"no picture has the same name in {', '.join(str(folder) for folder in (*folders, *given.values()))}",
            "Name the files of a pair alike, and series that are there",
        )
    notes = []
    if left := len(paired) - len(shared):
        notes.append(f"{left} of {len(paired)} pairs left out: of other series, or without all given pictures")

    def case(name: str) -> Case:
        files = [side[name] for side in sides]
        others = {other: pictures[name] for other, pictures in ready.items()}
        return Case(CaseName(name, series_of(name)), lambda: _load_pictures(files, others, metrics))

    return [case(name) for name in shared], tuple(notes)


def _load_pictures(files: Sequence[Path], given: Mapping[str, Path], metrics: tuple[str, ...]) -> Loaded:
    layers = tuple(picture_layer(file) for file in files)
    sizes = {layer.grey.shape for layer in layers}
    if len(sizes) > 1:
        raise BadInput(f"the pictures {files[0].name} differ in size: {sorted(sizes)}", "Give registered pairs")
    setting = Setting(Subject(layers, (1.0, 1.0)), metrics, on_luma=True)
    return Loaded(setting, {name: given_picture(file, layers) for name, file in given.items()})


def picture_layer(file: Path) -> Layer:
    """A picture as a layer named by its folder: 0 to 255 become 0 to 1; a coloured one keeps its own colours."""
    picture = Volume.read(file, name=file.parent.name)
    everywhere = np.ones(picture.array.shape[:2], bool)
    if picture.is_colour and np.ptp(picture.array, axis=-1).max() == 0:
        picture = picture.like(np.ascontiguousarray(picture.array[..., 0]))
    return prepare_layer(picture, everywhere, choose_window(picture), "own" if picture.is_colour else "grey")


def given_picture(file: Path, layers: Sequence[Layer]) -> Array:
    """A fused picture made elsewhere: float grey in [0, 1], or 8-bit RGB."""
    picture = picture_layer(file)
    if picture.grey.shape != layers[0].grey.shape:
        raise BadInput(
            f"{file} is {picture.grey.shape} in size, its sources are {layers[0].grey.shape}", "Give it in their size"
        )
    return picture.grey if picture.colour is None else np.round(picture.colour * 255.0).astype(np.uint8)
