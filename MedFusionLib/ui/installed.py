"""The models on this machine: what is installed, where, and how large."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WEIGHTS = (".safetensors",)


@dataclass(frozen=True)
class InstalledModel:
    """The weights of one model: its name, its file, and the file's size in bytes."""

    name: str
    path: Path
    size: int


def installed_models(folder: Path) -> list[InstalledModel]:
    """The models in ``folder`` by name; none when the folder is not there."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in WEIGHTS) if folder.is_dir() else []
    return [InstalledModel(file.stem, file, file.stat().st_size) for file in files]
