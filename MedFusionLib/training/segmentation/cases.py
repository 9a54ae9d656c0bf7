"""Patients with an outlined tumour, as the slices that a segmenter learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedFusionLib.progress import Progress
from MedFusionLib.recipe import Recipe
from MedFusionLib.resample import resample
from MedFusionLib.segmentation.channels import Slices, check_modalities, make_slices
from MedFusionLib.training.cases import check_cases
from MedFusionLib.training.pairs import Pair, Pairs
from MedFusionLib.training.recipe import DataSet, TrainingRecipe
from MedFusionLib.training.segmentation.options import Options, the_cases
from MedFusionLib.volume import Volume

#: Slices in which less than this share of the first channel can be seen are air.
_CONTENT, _VISIBLE = 0.02, 0.05


@dataclass(frozen=True, eq=False)
class Case:
    """A patient: the first volume, the slices of a segmenter on it, and the outline on its grid.

    The volumes lie as the collection aligned them.
    """

    name: str
    fixed: Volume
    slices: Slices
    mask: Volume


def with_mask(recipe: TrainingRecipe) -> DataSet:
    """The data set of ``recipe`` with the mask among its files, so that cases without one are left out."""
    data = the_cases(recipe)
    return replace(data, volumes=(*data.volumes, Options.of(recipe).mask))


def read_case(place: Path, data: DataSet, options: Options) -> Case:
    """The patient in the folder ``place``; raises ``BadInput`` for what cannot be used."""
    recipe = Recipe.from_dict({"windows": dict(data.windows)})
    volumes = [Volume.read(place / name) for name in data.volumes]
    check_modalities(volumes)
    # Not by ``align``, which would spend a minute on judging what the collection has decided.
    as_they_lie = [sitk.Transform(3, sitk.sitkIdentity)] * len(volumes)
    mask = Volume.read_mask(place / options.mask, on=volumes[0])
    return Case(place.name, volumes[0], make_slices(volumes, as_they_lie, recipe, options.spacing), mask)


def read_tumours(recipe: TrainingRecipe, root: Path, progress: Progress) -> Pairs:
    """The slices to train and to judge on: the channels and, last, the tumour. Test cases are not opened."""
    data, options = the_cases(recipe), Options.of(recipe)
    names = check_cases(with_mask(recipe), root)
    wanted = sorted(names[0] | names[1])
    made: dict[str, list[Pair]] = {}
    for number, name in enumerate(wanted):
        progress("read", number / len(wanted), f"{data.name} {name}")
        made[name] = _pairs(read_case(root / data.cases / name, data, options), options)
    learned, held = (tuple(pair for name in sorted(side) for pair in made[name]) for side in names)
    return Pairs(data.name, (False,) * (len(data.volumes) + 1), learned, held, data.weight)


def _pairs(case: Case, options: Options) -> list[Pair]:
    """The slices of a patient in which the first channel shows something, in 16 bits."""
    identity = sitk.Transform(3, sitk.sitkIdentity)
    outline = case.mask.like((case.mask.array > 0).astype(np.float32))
    tumour = resample(outline, case.slices.grid, identity)[0].array >= 0.5
    stack = np.concatenate([case.slices.array, tumour[:, np.newaxis]], axis=1).astype(np.float16)
    return [
        Pair(f"{case.name} {number}", case.name, tuple(planes), (options.spacing, options.spacing))
        for number, planes in enumerate(stack)
        if (planes[0] > _VISIBLE).mean() >= _CONTENT
    ]
