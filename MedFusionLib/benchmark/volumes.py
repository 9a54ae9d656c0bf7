"""Cases of volumes: one folder a patient, aligned when its turn comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from MedFusionLib.benchmark import CaseName
from MedFusionLib.benchmark.cases import Case, Loaded
from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.subject import Subject
from MedFusionLib.recipe import Recipe
from MedFusionLib.scoring import Setting
from MedFusionLib.volume import Array, Volume

_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")


@dataclass(frozen=True)
class Files:
    """The names, in each case's folder, of the volumes (the fixed one first) and of the lesion's mask (or "")."""

    volumes: tuple[str, ...]
    lesion: str = ""


def volume_cases(
    folder: Path, files: Files, given: Mapping[str, Path], series: Sequence[str], recipe: Recipe
) -> tuple[list[Case], tuple[str, ...]]:
    """The folders in ``folder`` that hold all volumes of ``files``, each a case and a series of its own.

    ``given`` are folders with fused volumes on the fixed grid, named CASE.nii.gz (or .nrrd, .mha); ``series`` limits
    the cases (empty: all); the lesion's mask lies on the fixed grid and may be missing. Returns the cases, and notes
    on what was left out. Raises ``BadInput`` when nothing is left.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder", "Name a folder that holds one folder a patient")
    if len(files.volumes) < 2:
        raise BadInput(f"{len(files.volumes)} volumes a case", "Name the files of a case, the fixed one first")
    there = [place for place in sorted(folder.iterdir()) if place.is_dir()]
    wanted = [place for place in there if not series or place.name in series]
    chosen = [
        place
        for place in wanted
        if all((place / name).exists() for name in files.volumes)
        and all(_fused_file(other, place.name) is not None for other in given.values())
    ]
    if not chosen:
        raise BadInput(f"no folder in {folder} holds {', '.join(files.volumes)}", "Name files that every case has")
    left = len(there) - len(chosen)
    notes = (f"{left} of {len(there)} cases left out: other series, or files missing",) if left else ()
    return [
        Case(CaseName(place.name, place.name), partial(_load, place, files, dict(given), recipe)) for place in chosen
    ], notes


def _fused_file(folder: Path, case: str) -> Path | None:
    return next((folder / f"{case}{suffix}" for suffix in _SUFFIXES if (folder / f"{case}{suffix}").is_file()), None)


def _load(place: Path, files: Files, given: Mapping[str, Path], recipe: Recipe) -> Loaded:
    """Read, align and window the volumes of one case."""
    from MedFusionLib.align import align
    from MedFusionLib.door import check_sources
    from MedFusionLib.layers import prepare_layers

    volumes = check_sources([Volume.read(place / name) for name in files.volumes])
    volumes = [replace(volume, name=_name(file)) for volume, file in zip(volumes, files.volumes, strict=True)]
    aligned = align(volumes, recipe)
    fixed = aligned.fixed
    mask = place / files.lesion
    subject = Subject(
        layers=prepare_layers(volumes, aligned, recipe),
        spacing=tuple(float(step) for step in fixed.image.GetSpacing()[::-1]),
        lesion=Volume.read_mask(mask, on=fixed).array != 0 if files.lesion and mask.exists() else None,
    )
    setting = Setting(subject, tuple(recipe.metrics), recipe.plane, on_luma=True)
    return Loaded(setting, {name: _given(folder, place.name, fixed) for name, folder in given.items()})


def _name(file: str) -> str:
    """A source's name in tables, the same in every case: the file's, without suffix."""
    return file.partition(".")[0]


def _given(folder: Path, case: str, fixed: Volume) -> Array:
    """A fused volume made elsewhere: float grey in [0, 1], or 8-bit RGB."""
    from MedFusionLib.evaluate import in_range
    from MedFusionLib.registration.masks import same_grid

    file = _fused_file(folder, case)
    assert file is not None
    fused = Volume.read(file, modality="unknown")
    if not same_grid(fused.image, fixed.image):
        raise BadInput(f"{file} is not on the grid of the fixed volume", "Give fused volumes on that grid")
    return np.asarray(in_range(fused))
