"""Folders of made pairs: smooth anatomy in grey, and a coloured functional source, several slices a patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from MedFusionLib.colour import to_colour
from MedFusionLib.volume import Array, Volume

SIZE = (80, 80)


def smooth(seed: int, sigma: float) -> Array:
    """A smooth random field from 0 to 1."""
    field = gaussian_filter(np.random.default_rng(seed).normal(size=SIZE), sigma)
    return np.asarray((field - field.min()) / (field.max() - field.min()))


def write(folder: Path, name: str, picture: Array) -> None:
    """``picture`` in [0, 1] as an 8-bit PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    Volume.from_array(np.round(picture * 255.0).astype(np.uint8)).write(folder / f"{name}.png")


def write_pairs(folder: Path, patients: int, slices: int = 2, coloured: bool = False) -> tuple[Path, Path]:
    """``slices`` pairs of each of ``patients`` series, named PPSSS.png as the atlas does; returns the two folders."""
    function, anatomy = folder / ("PET" if coloured else "CT"), folder / "MRI"
    for patient in range(patients):
        for number in range(slices):
            seed, name = 100 * patient + number, f"{patient + 10}{number:03d}"
            write(anatomy, name, 0.2 + 0.6 * smooth(seed, 3.0))
            other = smooth(seed + 50, 4.0)
            write(function, name, to_colour(other.astype(np.float32), "hot iron") if coloured else 0.2 + 0.6 * other)
    return function, anatomy
