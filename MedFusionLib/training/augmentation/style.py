"""Style exchange: a picture takes over brightness and contrast, or slow brightness waves, of another patient's.

The other patient is another item of the batch, the same for all sources, so a batch of one stays as it is. What is
black stays black.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from MedFusionLib.training.augmentation.transforms import uniform
from MedFusionLib.training.batch import Batch

_FLAT = 1e-6


def partners(count: int, generator: torch.Generator) -> Tensor:
    """For each of ``count`` items the index of another one; its own where there is no other."""
    shift = 0 if count < 2 else int(torch.randint(1, count, (), generator=generator, device=generator.device))
    return (torch.arange(count) + shift) % count


def exchange_statistics(batch: Batch, items: Tensor, generator: torch.Generator, share: tuple[float, float]) -> Batch:
    """Each source of ``items`` gets mean and standard deviation, over what is not black, of another patient's.

    ``share`` are the limits of how much of them it gets; 1: all. K. Zhou et al., Domain generalization with MixStyle,
    ICLR 2021, on pictures in the place of features.
    """
    sources = batch.sources.clone()
    other = partners(len(sources), generator)
    for item in items.nonzero().flatten().tolist():
        part = uniform(share, generator)
        for place, (own, lent) in enumerate(zip(batch.sources[item], batch.sources[other[item]], strict=True)):
            sources[item, place] = _restyle(own, lent, part)
    return replace(batch, sources=sources)


def _restyle(own: Tensor, lent: Tensor, part: float) -> Tensor:
    inside, theirs = own[own > 0], lent[lent > 0]
    if inside.numel() < 2 or theirs.numel() < 2 or inside.std(correction=0) < _FLAT:
        return own
    mean, spread = inside.mean(), inside.std(correction=0)
    new_mean = mean + part * (theirs.mean() - mean)
    new_spread = spread + part * (theirs.std(correction=0) - spread)
    return torch.where(own > 0, (own - mean) / spread * new_spread + new_mean, 0.0)


def exchange_amplitude(batch: Batch, items: Tensor, generator: torch.Generator, share: tuple[float, float],
                       reach: tuple[float, float]) -> Batch:
    """Each source of ``items`` gets the Fourier amplitudes of another patient's at low frequencies; its phase stays.

    Low are frequencies of at most ``reach`` (limits, cycles per voxel) on every axis; ``share`` as above. Y. Yang and
    S. Soatto, FDA: Fourier domain adaptation for semantic segmentation, CVPR 2020, equation 3 (their beta is the
    reach).
    """
    sources = batch.sources.clone()
    other = partners(len(sources), generator)
    for item in items.nonzero().flatten().tolist():
        part, limit = uniform(share, generator), uniform(reach, generator)
        own = batch.sources[item]
        mixed = mix_amplitudes(own, batch.sources[other[item]], part, limit)
        sources[item] = torch.where(own > 0, mixed, 0.0)
    return replace(batch, sources=sources)


def mix_amplitudes(own: Tensor, lent: Tensor, part: float, limit: float) -> Tensor:
    """``own`` (source, *spatial) with ``part`` of the amplitudes of ``lent`` up to ``limit`` cycles per voxel."""
    axes = tuple(range(1, own.ndim))
    spectrum, lent_spectrum = torch.fft.rfftn(own, dim=axes), torch.fft.rfftn(lent, dim=axes)
    amplitude = spectrum.abs()
    mixed = amplitude + part * (lent_spectrum.abs() - amplitude)
    chosen = torch.where(_low(own.shape[1:], limit), mixed, amplitude)
    restored: Tensor = torch.fft.irfftn(torch.polar(chosen, spectrum.angle()), s=own.shape[1:], dim=axes)
    return restored


def _low(spatial: torch.Size, limit: float) -> Tensor:
    """Which frequencies of ``rfftn`` are at most ``limit`` on every axis."""
    axes = [torch.fft.fftfreq(extent) for extent in spatial[:-1]] + [torch.fft.rfftfreq(spatial[-1])]
    grids = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([grid.abs() <= limit for grid in grids]).all(0)
