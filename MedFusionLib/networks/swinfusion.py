"""SwinFusion: shifted-window attention within each source, then across both.

J. Ma, L. Tang, F. Fan, J. Huang, X. Mei and Y. Ma, SwinFusion: cross-domain long-range learning for general image
fusion via Swin transformer, IEEE/CAA Journal of Automatica Sinica 9(7), 2022.

Layers (width 60, windows of 8, 6 heads, feed-forward twice as wide, shift in every second block): two 3 x 3
convolutions to 30 and 60 channels, the same for both sources; for each source four blocks; twice: for each source two
blocks of its own, then two in which each looks at the other; a 3 x 3 convolution of both, joined, to 60; four blocks;
3 x 3 convolutions to 30, 15 and 1 channels; leaky ReLU (0.2) after each convolution but the last. The authors' program
counts 973,681 numbers, of which 8,430 belong to layers that it never runs; ours are the other 965,251, and with its
weights both give the same pictures (largest difference 2e-6).

Loss: similarity to both sources, gradients to the stronger of both, intensity to the brighter; in the authors' program
for medical pictures weighted 50, 100 and 20, the gradients being those of Sobel, down and across added.

Choices taken: the program's stochastic depth (0.1) is left out; its output has no bounds, ours is clipped to [0, 1] and
begins, by the bias of the last layer, in the middle. The catalog's network is narrower (width 32, 2 heads, runs of two
blocks, one exchange; 155,421 numbers), since attention at full resolution is slow where there is no GPU.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.attention import FeedForward
from MedFusionLib.networks.clipping import clip_to_unit
from MedFusionLib.networks.framing import cut_to, pad_to_multiple
from MedFusionLib.networks.windows import WindowAttention

_RATIO = 2


class _Look(nn.Module):
    """One grid looks at another through windows, then passes its feed-forward; both steps added to what came in."""

    def __init__(self, width: int, heads: int, size: int, shift: int) -> None:
        super().__init__()
        self.attention = WindowAttention(width, heads, size, shift)
        self.before_forward = nn.LayerNorm(width)
        self.feed_forward = FeedForward(width, _RATIO)

    def forward(self, grid: Tensor, normal: Tensor, other: Tensor) -> Tensor:
        grid = grid + self.attention(normal, other)
        changed: Tensor = grid + self.feed_forward(self.before_forward(grid))
        return changed


class _Within(nn.Module):
    """A block of self-attention on one grid."""

    def __init__(self, width: int, heads: int, size: int, shift: int) -> None:
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.look = _Look(width, heads, size, shift)

    def forward(self, grid: Tensor) -> Tensor:
        normal = self.before(grid)
        changed: Tensor = self.look(grid, normal, normal)
        return changed


class _Across(nn.Module):
    """A block in which each of two grids looks at the other."""

    def __init__(self, width: int, heads: int, size: int, shift: int) -> None:
        super().__init__()
        self.before = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.look = nn.ModuleList(_Look(width, heads, size, shift) for _ in range(2))

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        normals = self.before[0](first), self.before[1](second)
        return self.look[0](first, *normals), self.look[1](second, *reversed(normals))


class _Exchange(nn.Module):
    """Two blocks within each source, then two across both."""

    def __init__(self, width: int, heads: int, size: int) -> None:
        super().__init__()
        self.within = nn.ModuleList(_run(2, width, heads, size) for _ in range(2))
        self.across = nn.ModuleList(_Across(width, heads, size, shift) for shift in (0, size // 2))

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        first, second = self.within[0](first), self.within[1](second)
        for block in self.across:
            first, second = block(first, second)
        return first, second


def _run(blocks: int, width: int, heads: int, size: int) -> nn.Sequential:
    return nn.Sequential(*(_Within(width, heads, size, size // 2 if step % 2 else 0) for step in range(blocks)))


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.LeakyReLU(0.2))


def _last(inputs: int) -> nn.Conv2d:
    """The layer that draws the picture, which begins as grey."""
    layer = nn.Conv2d(inputs, 1, 3, padding=1)
    nn.init.constant_(layer.get_parameter("bias"), 0.5)
    return layer


class SwinFusion(nn.Module):
    """(batch, 2, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1]."""

    def __init__(self, width: int = 60, heads: int = 6, size: int = 8, depth: int = 4, exchanges: int = 2) -> None:
        super().__init__()
        self.size = size
        self.shallow = nn.Sequential(_convolution(1, width // 2), _convolution(width // 2, width))
        # The program normalises with one layer whatever goes from pictures to tokens.
        self.to_tokens = nn.LayerNorm(width)
        self.extract = nn.ModuleList(_run(depth, width, heads, size) for _ in range(2))
        self.extracted = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.exchange = nn.ModuleList(_Exchange(width, heads, size) for _ in range(exchanges))
        self.exchanged = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.merge = _convolution(2 * width, width)
        self.rebuild = nn.Sequential(*_run(depth, width, heads, size), nn.LayerNorm(width))
        self.draw = nn.Sequential(
            _convolution(width, width // 2), _convolution(width // 2, width // 4), _last(width // 4))

    def _tokens(self, features: Tensor) -> Tensor:
        """(batch, width, rows, columns) to a normalised grid (batch, rows, columns, width)."""
        tokens: Tensor = self.to_tokens(features.permute(0, 2, 3, 1))
        return tokens

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        framed = pad_to_multiple(sources, self.size)
        grids = []
        for index, (blocks, normalise) in enumerate(zip(self.extract, self.extracted, strict=True)):
            features = normalise(blocks(self._tokens(self.shallow(framed[:, index:index + 1]))))
            grids.append(self.to_tokens(features))
        first, second = grids
        for exchange in self.exchange:
            first, second = exchange(first, second)
        both = torch.cat((self.exchanged[0](first), self.exchanged[1](second)), -1).permute(0, 3, 1, 2)
        rebuilt = self.rebuild(self._tokens(self.merge(both))).permute(0, 3, 1, 2)
        return clip_to_unit(cut_to(self.draw(rebuilt), tuple(sources.shape[2:])))


def _sobel(pictures: Tensor) -> Tensor:
    """Absolute Sobel gradients, down and across added."""
    down = pictures.new_tensor([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]])
    kernels = torch.stack((down, down.T))[:, None]
    return functional.conv2d(pictures, kernels, padding=1).abs().sum(1, keepdim=True)


def fusion_loss(fused: Tensor, sources: Tensor, similarity: Callable[[Tensor, Tensor], Tensor],
                weights: tuple[float, float, float] = (50.0, 100.0, 20.0)) -> Tensor:
    """What the network lowers; ``similarity`` (SSIM) gives 1 for equal pictures, ``weights`` its weight first."""
    first, second = sources[:, :1], sources[:, 1:2]
    unlike = 1.0 - 0.5 * (similarity(first, fused).mean() + similarity(second, fused).mean())
    gradients = functional.l1_loss(_sobel(fused), torch.maximum(_sobel(first), _sobel(second)))
    intensity = functional.l1_loss(fused, torch.maximum(first, second))
    return weights[0] * unlike + weights[1] * gradients + weights[2] * intensity
