"""A small made patient for the self-test: a tapering limb with a bone and a tumour, as CT and as shifted MR."""

from __future__ import annotations

import numpy as np

from MedFusionLib.scene.mrml import Node, Scene
from MedFusionLib.scene.nodes import node_from_volume
from MedFusionLib.volume import Volume

SIZE = (18, 34, 38)  # z, y, x
SPACING = (2.4, 2.4, 4.8)
# From a point of the CT to the same tissue in the MR (LPS, mm).
SHIFT = np.array([6.0, -4.0, 5.0])
_VALUES = {"CT": (-1000.0, -100.0, 55.0, 1100.0, 40.0), "MR": (0.0, 900.0, 300.0, 20.0, 500.0)}


def add_phantom(scene: Scene, shifted: bool = True) -> tuple[Node, Node]:
    """Add CT and MR of the phantom to ``scene``, the MR by ``SHIFT`` off or in its place; returns their nodes."""
    ct = _volume("CT", np.zeros(3))
    mr = _volume("MR", SHIFT if shifted else np.zeros(3))
    return node_from_volume(scene, ct), node_from_volume(scene, mr)


def _volume(modality: str, shift: np.ndarray) -> Volume:
    import SimpleITK as sitk

    noise = np.random.default_rng(5).normal(0, 0.01 * np.ptp(_VALUES[modality]), SIZE)
    array = np.array(_VALUES[modality])[_tissues()] + noise
    image = sitk.GetImageFromArray(array.astype(np.float32))
    image.SetSpacing(SPACING)
    middle = 0.5 * np.array(SPACING) * (np.array(SIZE[::-1]) - 1)
    image.SetOrigin((shift - middle).tolist())
    return Volume(image, modality, modality, "HU" if modality == "CT" else "")


def _tissues() -> np.ndarray:
    """Air, fat, muscle, bone and tumour as 0 to 4 on the grid (z, y, x)."""
    z, y, x = np.meshgrid(*(step * (np.arange(count) - 0.5 * (count - 1))
                            for count, step in zip(SIZE, SPACING[::-1], strict=True)), indexing="ij")
    taper = 1.0 - z / 200.0
    skin = ((x - 0.1 * z) / (38 * taper)) ** 2 + (y / (31 * taper)) ** 2
    muscle = ((x + 3 - 0.1 * z) / (30 * taper)) ** 2 + ((y - 2) / (24 * taper)) ** 2
    bone = np.hypot(x + 12, y - 4 + 0.15 * z)
    tumour = ((x - 12) / 9) ** 2 + ((y + 4) / 7) ** 2 + ((z - 10) / 14) ** 2
    found = np.zeros(SIZE, int)
    for number, inside in enumerate((skin < 1, muscle < 1, bone < 8, tumour < 1), start=1):
        found[inside] = number
    return found
