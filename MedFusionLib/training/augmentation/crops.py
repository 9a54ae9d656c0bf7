"""Crops: a part of the picture zoomed back to its size, cut anywhere or by what it shows; and parts of other patients.

Cut by content, the crops in which one source shows, and those in which several do, come equally often.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from MedFusionLib.training.augmentation.stack import stacked, unstacked
from MedFusionLib.training.augmentation.style import partners
from MedFusionLib.training.augmentation.transforms import seed, uniform
from MedFusionLib.training.batch import Batch

# A source shows something where it is brighter.
_SHOWS = 0.05
_INTERPOLATION = {2: "bilinear", 3: "trilinear"}


def crop(pictures: Tensor, generator: torch.Generator, part: tuple[float, float]) -> Tensor:
    """A box of ``pictures`` (channel, *spatial), cut anywhere and zoomed to their size.

    ``part`` are the limits of its edges, relative to the picture's.
    """
    from monai.transforms.croppad.array import RandSpatialCrop

    cutter = RandSpatialCrop(_box(pictures.shape[1:], part, generator), random_size=False)
    cutter.set_random_state(seed=seed(generator))
    return _zoom(torch.as_tensor(cutter(pictures)).as_subclass(Tensor), pictures.shape[1:])


def crop_by_content(batch: Batch, items: Tensor, generator: torch.Generator, part: tuple[float, float],
                    ratios: Sequence[float] = (0.1, 1.0, 1.0)) -> Batch:
    """As :func:`crop`, for ``items`` of a batch, each about a voxel drawn by its content.

    ``ratios`` are those of voxels where nothing shows, one source does, and several do.
    """
    from monai.transforms.croppad.array import RandCropByLabelClasses

    stack, spatial = stacked(batch), batch.sources.shape[2:]
    for item in items.nonzero().flatten().tolist():
        cutter = RandCropByLabelClasses(_box(spatial, part, generator), ratios=list(ratios), num_classes=len(ratios),
                                        warn=False)
        cutter.set_random_state(seed=seed(generator))
        (cut,) = cutter(stack[item], label=content(batch.sources[item], len(ratios)))
        stack[item] = _zoom(torch.as_tensor(cut).as_subclass(Tensor), spatial)
    return unstacked(batch, stack)


def content(sources: Tensor, classes: int = 3) -> Tensor:
    """For each voxel of (source, *spatial) how many sources show something there, at most ``classes`` - 1."""
    return (sources > _SHOWS).sum(0, keepdim=True).clamp(max=classes - 1)


def cut_mix(batch: Batch, items: Tensor, generator: torch.Generator, part: tuple[float, float]) -> Batch:
    """A box in each of ``items`` comes from another patient: the same box in all sources and their colour.

    S. Yun et al., CutMix: regularization strategy to train strong classifiers with localizable features, ICCV 2019.
    """
    inside = torch.zeros(len(batch.sources), 1, *batch.sources.shape[2:], dtype=torch.bool)
    for item in items.nonzero().flatten().tolist():
        inside[(item, 0, *_place(batch.sources.shape[2:], part, generator))] = True
    stack, other = stacked(batch), partners(len(batch.sources), generator)
    return unstacked(batch, torch.where(inside, stack[other], stack))


def _box(spatial: Sequence[int], part: tuple[float, float], generator: torch.Generator) -> tuple[int, ...]:
    """The edges of a box of the picture's proportions, at least one voxel each."""
    drawn = uniform(part, generator)
    return tuple(max(1, min(extent, round(drawn * extent))) for extent in spatial)


def _place(spatial: Sequence[int], part: tuple[float, float], generator: torch.Generator) -> tuple[slice, ...]:
    """A box somewhere inside the picture."""
    edges = _box(spatial, part, generator)
    starts = [round(uniform((0, extent - edge), generator)) for extent, edge in zip(spatial, edges, strict=True)]
    return tuple(slice(start, start + edge) for start, edge in zip(starts, edges, strict=True))


def _zoom(pictures: Tensor, spatial: Sequence[int]) -> Tensor:
    return functional.interpolate(pictures[None], size=tuple(spatial), mode=_INTERPOLATION[len(spatial)],
                                  align_corners=False)[0]
