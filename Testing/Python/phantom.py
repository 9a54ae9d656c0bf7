"""A small patient whose every voxel is known: a limb with fat, muscle, bone and a hot tumour, in CT, MR and PET."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from MedFusionLib.volume import Volume

SIZE = (24, 44, 48)
SPACING = (2.0, 2.0, 4.0)
# Value of air, fat, muscle, cortical bone, marrow and tumour.
CONTRASTS = {
    "CT": (-1000.0, -100.0, 55.0, 1100.0, 20.0, 40.0),
    "MR": (0.0, 900.0, 300.0, 20.0, 750.0, 420.0),
    "PET": (0.0, 0.4, 0.9, 0.3, 0.8, 8.0),
}
UNITS = {"CT": "HU", "MR": "", "PET": "SUV"}


def labels() -> np.ndarray:
    """The tissues (0 to 5, in the order of CONTRASTS) on the grid (z, y, x)."""
    z, y, x = (np.arange(n) * step for n, step in zip(SIZE, SPACING[::-1], strict=True))
    z, y, x = np.meshgrid(z, y, x, indexing="ij")
    # Thinner toward one end, so that no mirror image of it fits.
    bend, taper = 4 * np.sin(z / 30), 1 - z / 250
    skin = ((x - 46 - bend) / (38 * taper)) ** 2 + ((y - 43) / (33 * taper)) ** 2
    muscle = ((x - 44 - bend) / (31 * taper)) ** 2 + ((y - 45) / (25 * taper)) ** 2
    bone = np.hypot(x - 34 - 0.1 * z, y - 40 + bend) / taper
    tumour = ((x - 56) / 11) ** 2 + ((y - 48) / 9) ** 2 + ((z - 34) / 16) ** 2
    found = np.zeros(SIZE, int)
    for number, inside in enumerate((skin < 1, muscle < 1, bone < 9, bone < 5, tumour < 1), start=1):
        found[inside] = number
    return found


def volume(modality: str, noise: float = 0.01, seed: int = 0) -> Volume:
    """The phantom in ``modality``; ``noise`` is relative to the range of values."""
    values = np.array(CONTRASTS[modality])
    array = values[labels()] + np.random.default_rng(seed).normal(0, noise * np.ptp(values), SIZE)
    image = sitk.GetImageFromArray(array.astype(np.float32))
    image.SetSpacing(SPACING)
    image.SetOrigin((-40.0, 25.0, -300.0))
    return Volume(image, modality, modality, UNITS[modality])
