"""DMC-Fusion: an autoencoder whose maps are told into fine and coarse ones and joined on every decoding stage.

Q. Zuo, J. Zhang and Y. Yang, DMC-Fusion: deep multi-cascade fusion with classifier-based feature synthesis for
medical multi-modal images, IEEE Journal of Biomedical and Health Informatics 25(9), 2021, pages 3438 to 3449.

The idea as we know it (the paper itself was not at hand, so this is to be checked):
an autoencoder with dense connections, trained on MS-COCO and on medical pictures; a
classifier of feature maps by Gaussian high-pass filtering and a threshold of the peak signal to noise ratio; the maps
of high frequency are joined by a parameter-adaptive pulse-coupled neural network, those of low frequency by l1
weights; a multi-cascade decoder joins the sources on all its stages.

Layers: DenseFuse's encoder (64 maps) and decoder (64, 32, 16 and 1 channels), 3 x 3 convolutions, ReLU. On every stage
the sources' maps are joined; each further stage is the mean of the joined maps that the stage before hands on and of
the maps that the sources have on this stage by themselves. 74,193 learned numbers; the paper states none that we know.

Losses: an autoencoder of single pictures, without the fusion; the paper's own are not known to us, those of DenseFuse
fit.

Choices taken, since the full text was not at hand: layers and sizes of DenseFuse; the
Gaussian has a sigma of two pixels; a map is fine where the peak signal to noise ratio between it and its high-pass
part is at least ``threshold`` decibels, in the mean of the sources, so that a map is of the same class in all; maps
are scaled by their greatest value over the sources before they stimulate neurons; where neurons fire equally often,
the sources' mean is taken, so that the order of the sources does not matter.
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn

from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.densefuse import DenseEncoder, layer
from MedFusionLib.networks.features import apply_to_each, box_mean
from MedFusionLib.networks.pulse_coupled import firing_counts

_SIGMA = 2.0
_FLOOR = 1e-6


class DMCFusion(nn.Module):
    """(batch, source, height, width) in [0, 1], two sources or more in any order, to (batch, 1, height, width).

    ``threshold`` (dB) tells fine maps from coarse ones, ``iterations`` is how long neurons fire.
    ``reconstruct`` is the autoencoder that is trained.
    """

    def __init__(self, threshold: float = 20.0, iterations: int = 110) -> None:
        super().__init__()
        self.threshold, self.iterations = threshold, iterations
        self.encoder = DenseEncoder()
        self.decoder = nn.ModuleList([layer(64, 64), layer(64, 32), layer(32, 16)])
        self.last = nn.Conv2d(16, 1, 3, padding=1, padding_mode="reflect")

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        features = apply_to_each(self.encoder, sources.unsqueeze(2))
        fused = self.join(features)
        for stage in self.decoder:
            features = apply_to_each(stage, features)
            fused = 0.5 * (stage(fused) + self.join(features))
        return clip_to_unit(self.last(fused))

    def reconstruct(self, pictures: Tensor) -> Tensor:
        """(batch, 1, height, width) through encoder and decoder, for training on single pictures."""
        maps: Tensor = self.encoder(pictures)
        for stage in self.decoder:
            maps = stage(maps)
        return clip_to_unit(self.last(maps))

    def join(self, features: Tensor) -> Tensor:
        """Maps (batch, source, channel, height, width) joined to (batch, channel, height, width)."""
        # Fine or coarse is asked of each map alone, so that maps of all channels and pictures stand in one row.
        maps = features.transpose(1, 2).flatten(0, 1)
        fine = high_pass_ratio(maps.detach()).mean(1) >= self.threshold
        # Boolean selection keeps the slow neurons to the maps that need them.
        joined = maps.new_empty(len(maps), *maps.shape[2:])
        joined[fine] = self._join_fine(maps[fine])
        joined[~fine] = _join_coarse(maps[~fine])
        return joined.reshape(features.shape[0], features.shape[2], *joined.shape[1:])

    def _join_fine(self, maps: Tensor) -> Tensor:
        """Of maps (map, source, height, width) the source whose neuron fires most often."""
        size = maps.detach().abs()
        stimuli = size / size.amax((1, 2, 3), keepdim=True).clamp_min(_FLOOR)
        counts = firing_counts(stimuli.flatten(0, 1), self.iterations).reshape(maps.shape)
        most = (counts == counts.amax(1, keepdim=True)).to(maps.dtype)
        return (most * maps).sum(1) / most.sum(1)


def _join_coarse(maps: Tensor) -> Tensor:
    """Maps (map, source, height, width) averaged with weights in proportion to their local l1 activity."""
    activity = box_mean(maps.abs()) + _FLOOR
    return (activity * maps).sum(1) / activity.sum(1)


def high_pass_ratio(maps: Tensor) -> Tensor:
    """The peak signal to noise ratio in dB between maps (map, source, height, width) and their high-pass part.

    What the high-pass filter takes away is the noise, so that the fewer low frequencies a map has, the greater this
    is; the peak is the greatest absolute value of a map over its sources. A map of nothing has 0.
    """
    error = _blur(maps).square().mean((2, 3))
    peak = maps.abs().amax((1, 2, 3)).unsqueeze(1)
    ratio = 10.0 * torch.log10(peak.square().clamp_min(_FLOOR ** 2) / error.clamp_min(_FLOOR ** 2))
    return torch.where(peak > _FLOOR, ratio, torch.zeros_like(ratio))


def _blur(maps: Tensor) -> Tensor:
    """``maps`` (..., height, width) smoothed by a Gaussian, their edges repeated."""
    rows, columns = (_smoothing(length, maps) for length in maps.shape[-2:])
    return rows @ maps @ columns.T


def _smoothing(length: int, like: Tensor) -> Tensor:
    """The Gaussian along an axis of ``length`` as a matrix: far faster than convolving thousands of single maps."""
    radius = ceil(3.0 * _SIGMA)
    offsets = torch.arange(-radius, radius + 1, device=like.device)
    taps = torch.exp(-0.5 * (offsets.to(like.dtype) / _SIGMA) ** 2)
    place = torch.arange(length, device=like.device)
    read = (place[:, None] + offsets).clamp(0, length - 1)
    return like.new_zeros(length, length).scatter_add_(1, read, (taps / taps.sum()).expand(length, -1))
