"""MedFusion's own network: light, for two or more sources in any order, in 2-D or 3-D.

Every source, and whether it is functional, passes one shared encoder at half and at quarter resolution. Twice the
sources exchange what they see, as the maximum and the mean of their features over the sources, so that neither number
nor order matters. The head gives each source a weight (softmax over the sources) and the picture a residual::

    fused = sum_i w_i * source_i + bound * tanh(r) * max_i source_i

What is black in all sources is therefore exactly black in the fused picture, and every voxel's origin is known. The
logits start near ``sharpness * source_i``, so that an untrained network is close to the voxel-wise maximum.

Not from a paper. Layers in 2-D: stem 2 x 2 / 2 to 16 channels, one 3 x 3; 2 x 2 / 2 to 32 channels, two residual
blocks of two 3 x 3, exchange, one residual block; transposed 2 x 2 / 2 back to 16, added to the encoder's, exchange,
one 3 x 3, transposed 2 x 2 / 2 to logit and residual. No normalisation, so that a tile gives what the whole gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad

_CELL = 4
_SLOPE = 0.1


class Origin(NamedTuple):
    """Where a fused picture comes from: ``weights`` ``(batch, source, *spatial)``, each voxel's sum 1, and
    ``residual`` ``(batch, 1, *spatial)``, what was added to the weighted sum."""

    weights: Tensor
    residual: Tensor


def _convolution(dimension: int, inputs: int, outputs: int, edge: int) -> nn.Module:
    kind = nn.Conv2d if dimension == 2 else nn.Conv3d
    return kind(inputs, outputs, edge, padding=edge // 2)


def _halve(dimension: int, inputs: int, outputs: int) -> nn.Module:
    kind = nn.Conv2d if dimension == 2 else nn.Conv3d
    return kind(inputs, outputs, 2, stride=2)


def _double(dimension: int, inputs: int, outputs: int) -> nn.Module:
    kind = nn.ConvTranspose2d if dimension == 2 else nn.ConvTranspose3d
    return kind(inputs, outputs, 2, stride=2)


def _active(features: Tensor) -> Tensor:
    return leaky_relu(features, _SLOPE)


def _apart(features: Tensor, count: int) -> Tensor:
    """``(batch * count, ...)`` as ``(batch, count, ...)``."""
    return features.reshape(-1, count, *features.shape[1:])


class Residual(nn.Module):
    """Two convolutions added to their input."""

    def __init__(self, dimension: int, width: int) -> None:
        super().__init__()
        self.first = _convolution(dimension, width, width, 3)
        self.second = _convolution(dimension, width, width, 3)

    def forward(self, features: Tensor) -> Tensor:
        """Same shape as ``features`` ``(item, width, *spatial)``."""
        changed: Tensor = self.second(_active(self.first(features)))
        return _active(features + changed)


class Exchange(nn.Module):
    """Each source's features together with the maximum and the mean over all sources."""

    def __init__(self, dimension: int, width: int) -> None:
        super().__init__()
        self.own = _convolution(dimension, width, width, 1)
        self.shared = _convolution(dimension, 2 * width, width, 1)

    def forward(self, features: Tensor, count: int) -> Tensor:
        """``features`` is ``(batch * count, width, *spatial)``, the sources of an item side by side."""
        apart = _apart(features, count)
        context = self.shared(torch.cat([apart.amax(1), apart.mean(1)], dim=1))
        own = _apart(self.own(features), count)
        return _active((own + context.unsqueeze(1)).flatten(0, 1))


class MedFusion(nn.Module):
    """Weights on the sources plus a bounded residual; see the module's docstring.

    ``dimension`` is 2 or 3, ``fine`` and ``coarse`` the channels at half and quarter resolution, ``bound`` the
    largest residual as a part of the brightest source.
    """

    def __init__(self, dimension: int = 2, fine: int = 16, coarse: int = 32, bound: float = 0.25,
                 sharpness: float = 16.0) -> None:
        super().__init__()
        self.dimension, self.bound = dimension, bound
        self.stem = _halve(dimension, 2, fine)
        self.edges = _convolution(dimension, fine, fine, 3)
        self.down = _halve(dimension, fine, coarse)
        self.before = nn.Sequential(Residual(dimension, coarse), Residual(dimension, coarse))
        self.coarse_exchange = Exchange(dimension, coarse)
        self.after = Residual(dimension, coarse)
        self.up = _double(dimension, coarse, fine)
        self.fine_exchange = Exchange(dimension, fine)
        self.last = _convolution(dimension, fine, fine, 3)
        self.head = _double(dimension, fine, 2)
        self.sharpness = nn.Parameter(torch.tensor(float(sharpness)))
        self._start_near_maximum()

    def _start_near_maximum(self) -> None:
        with torch.no_grad():
            for parameter in self.head.parameters():
                parameter.mul_(0.1)

    def forward(self, sources: Tensor, functional: Sequence[bool] | None = None) -> Tensor:
        """Fuse ``(batch, source, *spatial)`` in [0, 1] to ``(batch, 1, *spatial)`` in [0, 1].

        ``functional`` says for each source whether it is the luma of a functional one, whose colour is put back
        afterwards; None: none is.
        """
        origin = self.origin(sources, functional)
        weighted = (origin.weights * sources).sum(1, keepdim=True)
        return (weighted + origin.residual).clamp(0.0, 1.0)

    def origin(self, sources: Tensor, functional: Sequence[bool] | None = None) -> Origin:
        """The weights and the residual that :meth:`forward` makes its output of."""
        size = sources.shape[2:]
        padded = pad(sources, _padding(size), mode="replicate")
        roles = sources.new_tensor([float(role) for role in functional or (False,) * sources.shape[1]])
        logits, change = self._head(padded, roles)
        crop = (slice(None), slice(None), *(slice(0, length) for length in size))
        weights = torch.softmax(self.sharpness * sources + logits[crop], dim=1)
        brightest = sources.amax(1, keepdim=True)
        return Origin(weights, self.bound * torch.tanh(change[crop]) * brightest)

    def _head(self, sources: Tensor, roles: Tensor) -> tuple[Tensor, Tensor]:
        """The logit of each source, and the residual's argument, the mean of what the sources ask for."""
        count = sources.shape[1]
        shown = roles.view(1, count, *(1,) * self.dimension).expand_as(sources)
        given = torch.stack([sources, shown], dim=2).flatten(0, 1)
        fine = _active(self.edges(_active(self.stem(given))))
        coarse = self.before(_active(self.down(fine)))
        coarse = self.after(self.coarse_exchange(coarse, count))
        fine = self.fine_exchange(fine + self.up(coarse), count)
        found = _apart(self.head(_active(self.last(fine))), count)
        return found[:, :, 0], found[:, :, 1].mean(1, keepdim=True)


def _padding(size: torch.Size) -> list[int]:
    """What ``pad`` takes to make every length a multiple of the coarsest cell."""
    return [amount for length in reversed(size) for amount in (0, -length % _CELL)]
