"""What a segmenter sees: CT, PET and MR in their windows, on axial slices of one in-plane spacing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from MedFusionLib.colour import FloatArray
from MedFusionLib.errors import BadInput
from MedFusionLib.intensity import choose_window
from MedFusionLib.layers import prepare_layer, window_choice
from MedFusionLib.recipe import Recipe
from MedFusionLib.resample import resample
from MedFusionLib.volume import Volume

#: The modalities of the channels, in the networks' order.
CHANNELS = ("CT", "PET", "MR")
#: In-plane spacing of the slices in mm.
SPACING = 2.0


@dataclass(frozen=True, eq=False)
class Slices:
    """The channels, float32 in [0, 1] of shape (slice, channel, y, x), and the grid that they lie on."""

    array: FloatArray
    grid: Volume


def check_modalities(volumes: Sequence[Volume]) -> None:
    """Raise ``BadInput`` unless ``volumes`` are a CT, a PET and an MR in three dimensions, in any order."""
    given = [volume.modality for volume in volumes]
    if sorted(given) != sorted(CHANNELS):
        raise BadInput(f"the volumes are {', '.join(given) or 'none'}",
                       f"Give one {', one '.join(CHANNELS)}; say which is which by their modality")
    for volume in volumes:
        if volume.dimension != 3:
            raise BadInput(f"{volume.name} is a picture", "Give volumes")


def axial_grid(fixed: Volume, spacing: float = SPACING) -> Volume:
    """An empty volume over the field of view of ``fixed``: axial slices (LPS), ``spacing`` mm in plane.

    Slices lie where those of ``fixed`` do, whichever of its axes runs from feet to head.
    """
    axial = sitk.DICOMOrient(fixed.image, "LPS")
    steps = np.array([spacing, spacing, axial.GetSpacing()[2]])
    extent = np.array(axial.GetSize()) * np.array(axial.GetSpacing())
    size = np.maximum(np.ceil(extent / steps - 1e-6), 1).astype(int)
    # Both grids have the same middle.
    first = ((np.array(axial.GetSize()) - 1) - (size - 1) * steps / np.array(axial.GetSpacing())) / 2
    image = sitk.Image(size.tolist(), sitk.sitkUInt8)
    image.SetOrigin(axial.TransformContinuousIndexToPhysicalPoint(first.tolist()))
    image.SetSpacing(steps.tolist())
    image.SetDirection(axial.GetDirection())
    return Volume(image, fixed.modality, fixed.name, frame_of_reference=fixed.frame_of_reference)


def make_slices(
    originals: Sequence[Volume], transforms: Sequence[sitk.Transform], recipe: Recipe, spacing: float = SPACING
) -> Slices:
    """The channels of ``originals``, each resampled once by its transform, through the windows of a run.

    ``transforms`` lead from the grid of the first volume to each (LPS, mm). Voxels outside a volume's field of view
    are 0, as in a fusion.
    """
    grid = axial_grid(originals[0], spacing)
    channels: Mapping[str, FloatArray] = {
        original.modality: _channel(original, transform, grid, recipe)
        for original, transform in zip(originals, transforms, strict=True)
    }
    return Slices(np.stack([channels[name] for name in CHANNELS], axis=1), grid)


def _channel(original: Volume, transform: sitk.Transform, grid: Volume, recipe: Recipe) -> FloatArray:
    moved, inside = resample(original, grid, transform)
    window = choose_window(original, window_choice(original, recipe))
    return prepare_layer(moved, inside, window, "grey").grey
