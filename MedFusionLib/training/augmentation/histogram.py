"""Histograms: evened out, or matched to another patient's; over what is not black, which stays black."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from MedFusionLib.training.augmentation.style import partners
from MedFusionLib.training.augmentation.transforms import uniform
from MedFusionLib.training.batch import Batch

FloatArray = npt.NDArray[np.float64]

# Where TorchIO's standardisation expects its landmarks (percent; L. Nyul and J. Udupa 1999).
_PERCENTILES = (1, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 99)
# Fewer voxels have no histogram worth the name.
_FEWEST = 16


def equalise(picture: Tensor, generator: torch.Generator, share: tuple[float, float]) -> Tensor:
    """``picture`` (channel, *spatial) moved towards an even histogram, by a part within the limits ``share``."""
    from monai.transforms.intensity.array import HistogramNormalize

    inside = picture > 0
    if int(inside.sum()) < _FEWEST:
        return picture
    even = torch.as_tensor(HistogramNormalize(min=0, max=1)(picture, mask=inside)).as_subclass(Tensor)
    part = uniform(share, generator)
    return torch.where(inside, picture + part * (even - picture), 0.0)


def match(batch: Batch, items: Tensor, generator: torch.Generator) -> Batch:
    """Each source of ``items`` with the histogram of another patient's: its deciles, and lines between them."""
    torchio: Any = import_module("torchio")

    sources = batch.sources.clone()
    other = partners(len(sources), generator)
    for item in items.nonzero().flatten().tolist():
        for place, (own, lent) in enumerate(zip(batch.sources[item], batch.sources[other[item]], strict=True)):
            if min(int((own > 0).sum()), int((lent > 0).sum())) < _FEWEST:
                continue
            landmarks = np.percentile(lent[lent > 0].numpy(), _PERCENTILES)
            sources[item, place] = torch.where(own > 0, _standardised(torchio, landmarks, own), 0.0)
    return replace(batch, sources=sources)


def _standardised(torchio: Any, landmarks: FloatArray, picture: Tensor) -> Tensor:
    """``picture`` (*spatial) with its percentiles moved to ``landmarks``; TorchIO knows volumes of three axes only."""
    transform = torchio.HistogramStandardization({"picture": landmarks}, masking_method=_not_black)
    volume = picture.reshape(1, *picture.shape, *(1,) * (3 - picture.ndim))
    changed: Tensor = transform(torchio.Subject(picture=torchio.ScalarImage(tensor=volume)))["picture"].data
    return changed.reshape(picture.shape)


def _not_black(volume: Tensor) -> Tensor:
    return volume > 0
