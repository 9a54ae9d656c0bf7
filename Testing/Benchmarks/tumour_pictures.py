"""Outlines of a tumour over CT, PET and MR, for looking at what a Dice means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedFusionLib.resample import resample
from MedFusionLib.segmentation.channels import CHANNELS
from MedFusionLib.training.segmentation.cases import Case
from MedFusionLib.volume import Array

_COLOURS = ("#ffb000", "#40d0ff")
_COLUMNS = 5


def draw(path: Path, case: Case, found: Mapping[str, Array]) -> None:
    """A row for each channel, slices of the tumour from end to end; the expert in green, networks in other colours."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    truth = _on_slices(case, case.mask.array)
    outlines = {name: _on_slices(case, mask) for name, mask in found.items()}
    filled = np.flatnonzero(truth.any((1, 2)))
    chosen = np.linspace(filled[0] - 2, filled[-1] + 2, _COLUMNS).round().astype(int).clip(0, len(truth) - 1)
    figure, axes = plt.subplots(len(CHANNELS), _COLUMNS, figsize=(3 * _COLUMNS, 3 * len(CHANNELS)), squeeze=False)
    for column, number in enumerate(chosen):
        for row, channel in enumerate(CHANNELS):
            place = axes[row, column]
            place.imshow(case.slices.array[number, row], cmap="gray", vmin=0, vmax=1)
            for mask, colour in zip((truth, *outlines.values()), ("#30ff30", *_COLOURS), strict=False):
                if mask[number].any():
                    place.contour(mask[number], [0.5], colors=colour, linewidths=1.0)
            place.set_title(f"{channel}, slice {number}", fontsize=8)
            place.axis("off")
    words = ", ".join(f"{colour} {name}" for name, colour in zip(outlines, ("amber", "blue"), strict=False))
    figure.suptitle(f"{case.name}: green expert, {words}", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=60)
    plt.close(figure)


def _on_slices(case: Case, mask: Array) -> Array:
    """A mask of the fixed volume on the slices that the networks see, float."""
    volume = case.fixed.like((mask > 0).astype(np.float32))
    return resample(volume, case.slices.grid, sitk.Transform(3, sitk.sitkIdentity))[0].array
