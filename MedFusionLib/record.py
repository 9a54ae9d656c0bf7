"""Record: what a run did, so that anyone can do it again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from MedFusionLib import __version__
from MedFusionLib.recipe import Recipe
from MedFusionLib.registration.settings import Registration
from MedFusionLib.volume import Volume

NOTICE = "Fused volumes are for looking, not for measuring: read HU and SUV from the sources. Not for clinical use."
# The same for a file's header: NIfTI has room for 79 letters.
MARK = "MedFusion: for looking, not for measuring. Not for clinical use."
_PACKAGES = ("numpy", "scipy", "SimpleITK", "PyWavelets", "itk-elastix", "torch")


@dataclass(frozen=True)
class Record:
    """What a run did: plain data, ready for JSON. Times are in seconds, geometry in LPS millimetres."""

    inputs: tuple[dict[str, Any], ...]
    recipe: dict[str, Any]
    registrations: tuple[dict[str, Any], ...]
    windows: tuple[dict[str, Any], ...]
    fusions: tuple[dict[str, Any], ...]
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()
    notice: str = NOTICE
    versions: dict[str, str] = field(default_factory=lambda: versions())

    def as_dict(self) -> dict[str, Any]:
        """The record as plain data; figures that are not finite become text, since JSON has none."""
        return {key: plain(value) for key, value in asdict(self).items()}

    def to_json(self) -> str:
        """The record as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)


def versions() -> dict[str, str]:
    """The versions of MedFusion, Python and the packages that shape the voxels, as far as installed."""
    found = {"MedFusion": __version__, "Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def describe_volume(volume: Volume) -> dict[str, Any]:
    """A volume's name, modality, geometry, and the SHA-256 of its voxels and of its file."""
    described = {
        "name": volume.name,
        "modality": volume.modality,
        "unit": volume.unit,
        "size": list(volume.image.GetSize()),
        "spacing": list(volume.image.GetSpacing()),
        "origin": list(volume.image.GetOrigin()),
        "direction": list(volume.image.GetDirection()),
        "voxels_sha256": hash_voxels(volume),
    }
    if volume.path is not None:
        described["file"] = volume.path.name
        if volume.path.is_file():
            described["file_sha256"] = _hash_file(volume.path)
    return described


def describe_registration(moving: Volume, registration: Registration | None) -> dict[str, Any]:
    """How ``moving`` came onto the fixed grid: engine, transform, verdict with its evidence."""
    if registration is None:
        return {"moving": moving.name, "engine": "none", "decision": "accept", "reasons": ["taken as registered"]}
    transform = registration.transform
    return {
        "moving": moving.name,
        "engine": registration.engine,
        "transform": transform.GetName(),
        "parameters": list(transform.GetParameters())[:16],
        "decision": registration.verdict.decision,
        "reasons": list(registration.verdict.reasons),
        "evidence": dict(registration.verdict.evidence),
        "notes": list(registration.notes),
        "seconds": round(registration.seconds, 3),
    }


def hash_voxels(volume: Volume) -> str:
    """The SHA-256 of the voxels in memory order, with their type."""
    digest = hashlib.sha256(str(volume.array.dtype).encode())
    digest.update(np.ascontiguousarray(volume.array).data)
    return digest.hexdigest()


def _hash_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def describe_recipe(recipe: Recipe, method_parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with the method's parameters all spelled out, so that a later default changes nothing."""
    return {**recipe.as_dict(), "parameters": dict(method_parameters)}


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: numpy numbers become Python's, figures that are not finite become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(entry) for entry in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else str(float(value))
    return value.item() if isinstance(value, np.generic) else value
