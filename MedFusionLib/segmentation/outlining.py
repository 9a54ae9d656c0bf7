"""From a patient's CT, PET and MR to a label map of the tumour on the fixed volume's grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedFusionLib.align import Aligned, align
from MedFusionLib.colour import FloatArray
from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.fusion.device import torch_device
from MedFusionLib.networks.segmenters import SEGMENTERS
from MedFusionLib.progress import Progress
from MedFusionLib.recipe import Recipe
from MedFusionLib.segmentation.channels import Slices, check_modalities, make_slices
from MedFusionLib.volume import Volume

_THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A tumour's outline on the fixed grid.

    ``labels`` is 1 in the tumour and 0 elsewhere, ``probability`` float32 in [0, 1]; ``aligned`` are the volumes as
    they were brought together.
    """

    labels: Volume
    probability: Volume
    aligned: Aligned

    @property
    def millilitres(self) -> float:
        """The volume of the tumour in ml."""
        return float(self.labels.array.sum()) * float(np.prod(self.labels.image.GetSpacing())) / 1000.0


def run(
    volumes: Sequence[Volume], network: str, recipe: Recipe | None, weights: Path | None, progress: Progress
) -> Segmentation:
    """See :func:`MedFusionLib.segmentation.segment`."""
    from MedFusionLib.models import load
    from MedFusionLib.segmentation.predict import probabilities

    chosen = recipe or Recipe()
    check_modalities(volumes)
    if network not in SEGMENTERS:
        raise BadInput(f"unknown segmenter '{network}'", f"Known are {', '.join(SEGMENTERS)}")
    for package in SEGMENTERS[network].requires:
        if find_spec(package) is None:
            raise MissingDependency(f"segmenter {network} needs {package}, which is not installed", "Install it")
    device, module = torch_device(chosen.device), load(network, weights)
    aligned = align(volumes, chosen, progress)
    slices = make_slices(volumes, _transforms(aligned), chosen)
    found = probabilities(module, slices.array, device, progress=progress)
    probability, labels = on_fixed_grid(found, slices, volumes[0])
    return Segmentation(labels, probability, aligned)


def _transforms(aligned: Aligned) -> list[sitk.Transform]:
    """The transform from the fixed grid to each volume."""
    identity = sitk.Transform(3, sitk.sitkIdentity)
    return [identity if found is None else found.transform for found in aligned.registrations]


def on_fixed_grid(found: FloatArray, slices: Slices, fixed: Volume) -> tuple[Volume, Volume]:
    """Probabilities on ``slices`` as probabilities and labels on the grid of ``fixed``.

    Linear between voxels; tumour is where the probability is at least 0.5.
    """
    identity = sitk.Transform(3, sitk.sitkIdentity)
    on_slices = slices.grid.like(found)
    image = sitk.Resample(on_slices.image, fixed.image, identity, sitk.sitkLinear, 0.0, sitk.sitkFloat32)
    probability = Volume(image, "unknown", f"tumour probability of {fixed.name}",
                         frame_of_reference=fixed.frame_of_reference)
    labels = probability.like((probability.array >= _THRESHOLD).astype(np.uint8), name=f"tumour of {fixed.name}")
    return probability, labels
