"""Visual information fidelity in the pixel domain: how much of each source can be read off the fused picture."""

from __future__ import annotations

import torch
from torch import Tensor

from MedFusionLib.metrics.windows import gaussian_taps
from MedFusionLib.training.losses.compared import Compared, Sources
from MedFusionLib.training.losses.filters import window_means
from MedFusionLib.training.losses.moments import Moments, moments, shared

_LEVELS = 255.0
_NOISE = 2.0
_SCALES = tuple(tuple(gaussian_taps(width // 2, width / 5.0)) for width in (17, 9, 5, 3))
# In single precision a flat window of bright grey has a variance of this order (grey levels squared).
_FLAT = 1e-2
_SOFT = 0.01


def vif(it: Compared) -> Tensor:
    """Minus the mean over the sources of VIF; Sheikh and Bovik 2006, pixel domain; at most 0, -1 for a copy.

    ``metrics.vif`` is the sum over the sources. Smooth: a variance of .01 grey levels squared is added to the source's
    in the gain where the metric has 1e-10, because variances in single precision are no better.
    """
    return -fidelities(it).mean()


def vif_min(it: Compared) -> Tensor:
    """Minus the smallest of the VIFs to the sources, as :func:`smallest` has it; at most about 0."""
    return -smallest(it).mean()


def smallest(it: Compared) -> Tensor:
    """The smallest fidelity of each item, (batch,), by a soft minimum, -T ln sum exp(-x / T) with T = .01.

    ``metrics.vif_min`` where one source fares clearly worse; below it by T ln n where all fare alike.
    """
    return -_SOFT * torch.logsumexp(-fidelities(it) / _SOFT, 1)


def fidelities(it: Compared) -> Tensor:
    """The fidelity of fused to each source, as in ``metrics.vif``: (batch, source); 0 to a source that is flat."""
    return it.once("fidelities", lambda: _fidelities(it))


def _fidelities(it: Compared) -> Tensor:
    of_sources, there = it.sources.once("scales", lambda: _of_sources(it.sources))
    fused, kept = _LEVELS * (it.fused - 0.5), torch.zeros_like(there)
    for number, taps in enumerate(_SCALES):
        if number:
            fused = window_means(fused, taps, stride=2)
        pictures, known = of_sources[number]
        local = shared(fused, pictures, known, taps)
        # Where fused runs against the source it tells nothing of it.
        covariance = local.covariances.clamp_min(0.0)
        gain = covariance / (known.variances + _FLAT)
        rest = (local.fused.variances - gain * covariance).clamp_min(0.0)
        kept = kept + torch.log1p(gain**2 * known.variances / (rest + _NOISE)).flatten(2).sum(2)
    return torch.where(there > 0, kept / torch.where(there > 0, there, 1.0), 0.0)


def _of_sources(sources: Sources) -> tuple[list[tuple[Tensor, Moments]], Tensor]:
    """The sources and their moments at each scale, and the information that is in each source."""
    # Grey levels about the middle: their squares are a quarter as large, and so are the rounding errors.
    pictures, made = _LEVELS * (sources.pictures - 0.5), []
    there = torch.zeros(pictures.shape[:2], dtype=pictures.dtype, device=pictures.device)
    for number, taps in enumerate(_SCALES):
        if number:
            pictures = window_means(pictures, taps, stride=2)
        known = moments(pictures, taps)
        made.append((pictures, known))
        there = there + torch.log1p(known.variances / _NOISE).flatten(2).sum(2)
    return made, there
