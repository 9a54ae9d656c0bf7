"""The pulse-coupled neural network whose parameters follow from its input; it has nothing to learn.

Y. Chen, S.-K. Park, Y. Ma and R. Ala, A new automatic parameter setting method of a simplified PCNN for image
segmentation, IEEE Transactions on Neural Networks 22(6), 2011; in fusion M. Yin, X. Liu, Y. Liu and X. Chen, Medical
image fusion with parameter-adaptive pulse coupled neural network in nonsubsampled shearlet transform domain, IEEE
Transactions on Instrumentation and Measurement 68(1), 2019.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_BINS = 64
# Few enough for the processor's cache: five times as fast as all at once.
_NEURONS_AT_ONCE = 300_000
# Below these the formulas divide by nothing or take the logarithm of 1: a map without contrast never settles.
_LEAST_SPREAD, _GREATEST_SPREAD = 1e-3, 0.999
_LEAST_LEVEL = 1e-3


def firing_counts(maps: Tensor, iterations: int) -> Tensor:
    """How often each neuron fires within ``iterations``, for stimuli ``maps`` (map, height, width) in [0, 1]."""
    stimuli = maps.detach()
    at_once = max(1, _NEURONS_AT_ONCE // max(1, stimuli[:1].numel()))
    parts = [_fire(stimuli[start:start + at_once], iterations) for start in range(0, len(stimuli), at_once)]
    return torch.cat(parts) if parts else stimuli


def _fire(stimulus: Tensor, iterations: int) -> Tensor:
    decay, link, boost, threshold_decay = (value.view(-1, 1, 1) for value in parameters(stimulus))
    linked = 0.5 * link * stimulus
    activity, threshold = torch.zeros_like(stimulus), torch.ones_like(stimulus)
    counts, around = torch.zeros_like(stimulus), torch.empty_like(stimulus)
    framed = functional.pad(torch.zeros_like(stimulus), (1, 1, 1, 1))
    pulse = framed[:, 1:-1, 1:-1]
    for _ in range(iterations):
        # Twice the weights (0.5 1 0.5; 1 0 1; 0.5 1 0.5): (1 2 1) along both axes, without the centre.
        columns = (framed[:, :-2] + framed[:, 2:]).add_(framed[:, 1:-1], alpha=2.0)
        torch.add(columns[..., :-2], columns[..., 2:], out=around)
        around.add_(columns[..., 1:-1], alpha=2.0).sub_(pulse, alpha=4.0)
        activity.mul_(decay).add_(stimulus).addcmul_(linked, around)
        pulse.copy_(activity > threshold)
        threshold.mul_(threshold_decay).addcmul_(boost, pulse)
        counts.add_(pulse)
    return counts


def parameters(maps: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """exp(-alpha_f), the linking strength lambda, V_E and exp(-alpha_e) of each of ``maps`` (map, height, width)."""
    decay = maps.flatten(1).std(1, correction=0).clamp(_LEAST_SPREAD, _GREATEST_SPREAD)
    level = otsu(maps).clamp_min(_LEAST_LEVEL)
    greatest = torch.maximum(maps.flatten(1).amax(1), level)
    link = (greatest / level - 1.0) / 6.0
    boost = decay + 1.0 + 6.0 * link
    # alpha_f is log(1 / spread), so that exp(-alpha_f) is the spread itself.
    settled = (1.0 - decay ** 3) / (1.0 - decay) + 6.0 * link * decay
    return decay, link, boost, level * settled / boost


def otsu(maps: Tensor) -> Tensor:
    """The threshold of each of ``maps`` (map, height, width) in [0, 1] that parts its histogram best (Otsu 1979)."""
    flat = maps.flatten(1)
    levels = (flat * (_BINS - 1)).round().long().clamp(0, _BINS - 1)
    histogram = torch.zeros(len(flat), _BINS, dtype=flat.dtype, device=flat.device)
    histogram.scatter_add_(1, levels, torch.ones_like(flat))
    share = histogram / flat.shape[1]
    below = share.cumsum(1)
    grey = torch.linspace(0.0, 1.0, _BINS, dtype=flat.dtype, device=flat.device)
    moment = (share * grey).cumsum(1)
    between = (moment[:, -1:] * below - moment) ** 2 / (below * (1.0 - below)).clamp_min(1e-9)
    return grey[between.argmax(1)]
