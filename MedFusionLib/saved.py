"""The results of a run, read back from the folder they were written to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.intensity import Window
from MedFusionLib.outputs import file_stems
from MedFusionLib.pipeline import Fusion, Result
from MedFusionLib.progress import Progress, silent
from MedFusionLib.recipe import Recipe
from MedFusionLib.record import Record
from MedFusionLib.registration.settings import Registration, RegistrationSettings, Verdict
from MedFusionLib.registration.transforms import load
from MedFusionLib.resample import field_of_view
from MedFusionLib.volume import Array, Volume

_MEND = "Give the folder of a complete run"


def read_result(folder: Path, originals: Sequence[Volume], progress: Progress = silent) -> Result:
    """The result that ``write_result`` put into ``folder``; ``originals`` are the volumes that went into the run.

    Voxels, transforms, windows, figures and record are those of the files; geometry is the fixed volume's own,
    of which NIfTI keeps 32 bits only. Raises ``BadInput`` for a folder that holds no run of these volumes.
    """
    record = read_record(folder / "record.json")
    volumes = _named(originals, record)
    recipe = Recipe.from_dict(record.recipe)
    stems = file_stems([volume.name for volume in volumes])
    sources, validity = [volumes[0]], [np.ones(volumes[0].array.shape[:3], bool)]
    registrations: list[Registration | None] = [None]
    for volume, stem, told in zip(volumes[1:], stems[1:], record.registrations, strict=True):
        progress("read", 0.0, volume.name)
        registration = _registration(folder / f"transform_{stem}.h5", told, recipe.settings)
        like = {"modality": volume.modality, "name": volume.name, "unit": volume.unit}
        sources.append(_on_grid(folder / f"aligned_{stem}.nii.gz", volumes[0], **like))
        validity.append(field_of_view(volume, volumes[0], registration.transform))
        registrations.append(registration)
    return Result(
        originals=volumes,
        sources=tuple(sources),
        validity=tuple(validity),
        registrations=tuple(registrations),
        windows=tuple(Window(told["lower"], told["upper"], told["window"]) for told in record.windows),
        colour_maps=tuple(told["colour_map"] for told in record.windows),
        fusions=_fusions(folder, record, volumes[0], progress),
        recipe=recipe,
        record=record,
    )


def read_record(path: Path) -> Record:
    """The record in the file ``path``; raises ``BadInput`` when there is none."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Record(**{field.name: _frozen(data[field.name]) for field in fields(Record)})
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput(f"{path} is no record of a run", _MEND) from None


def _frozen(value: Any) -> Any:
    """A list of the record as the tuple that it was."""
    return tuple(value) if isinstance(value, list) else value


def _named(originals: Sequence[Volume], record: Record) -> tuple[Volume, ...]:
    """The originals under the names of the run, after a look at whether they are its volumes."""
    told = [(entry["name"], tuple(entry["size"])) for entry in record.inputs]
    if [size for _, size in told] != [volume.image.GetSize() for volume in originals] or len(told[0][1]) != 3:
        raise BadInput(f"the record tells of volumes of {[size for _, size in told]}", "Give the run's own volumes")
    return tuple(replace(volume, name=name) for volume, (name, _) in zip(originals, told, strict=True))


def _registration(path: Path, told: Mapping[str, Any], settings: RegistrationSettings) -> Registration:
    """One registration: its transform from the file, its verdict from the record."""
    evidence = {name: float(value) for name, value in told["evidence"].items()}
    verdict = Verdict(told["decision"], tuple(told["reasons"]), evidence)
    return Registration(load(path), told["engine"], settings, verdict, told["seconds"], tuple(told["notes"]))


def _fusions(folder: Path, record: Record, fixed: Volume, progress: Progress) -> tuple[Fusion, ...]:
    names = [told["volume"] for told in record.fusions]
    fusions = []
    for number, (told, stem) in enumerate(zip(record.fusions, file_stems(names), strict=True)):
        progress("read", number / len(names), told["volume"])
        volume = _on_grid(folder / f"{stem}.nii.gz", fixed, modality="unknown", name=told["volume"], unit="")
        metrics = {name: float(value) for name, value in told["metrics"].items()}
        fusions.append(Fusion(told["name"], volume, tuple(told["sources"]), metrics, told["method"]))
    return tuple(fusions)


def _on_grid(path: Path, fixed: Volume, **changes: Any) -> Volume:
    """The voxels of the file ``path`` on the grid of ``fixed``."""
    try:
        voxels: Array = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    except RuntimeError:
        raise BadInput(f"{path} is missing or damaged", _MEND) from None
    if voxels.shape[:3] != fixed.array.shape[:3]:
        raise BadInput(f"{path} has {voxels.shape[2::-1]} voxels, its fixed volume {fixed.image.GetSize()}", _MEND)
    return fixed.like(voxels, path=None, notes=(), **changes)
