"""Multi-head attention and the transformer block that the networks of that family share.

A. Vaswani et al., Attention is all you need, NeurIPS 2017; the block with its normalisation in front and GELU is that
of A. Dosovitskiy et al., An image is worth 16 x 16 words, ICLR 2021.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Tokens (batch, length, width) take what they need from other tokens, by ``heads`` heads.

    ``bias`` of the call, broadcast to (batch, heads, length, other length), is added to the logits.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def _heads(self, tokens: Tensor) -> Tensor:
        return tokens.reshape(*tokens.shape[:2], self.heads, -1).transpose(1, 2)

    def forward(self, tokens: Tensor, others: Tensor, bias: Tensor | None = None) -> Tensor:
        """``tokens`` after they looked at ``others`` (the same tensor for self-attention)."""
        keys, values = self.key_value(others).chunk(2, -1)
        taken = functional.scaled_dot_product_attention(
            self._heads(self.query(tokens)), self._heads(keys), self._heads(values), bias)
        mixed: Tensor = self.out(taken.transpose(1, 2).flatten(2))
        return mixed


class FeedForward(nn.Sequential):
    """Two linear layers with GELU between them, ``ratio`` times as wide inside."""

    def __init__(self, width: int, ratio: int) -> None:
        super().__init__(nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width))


class Block(nn.Module):
    """Self-attention and feed-forward, each normalised beforehand and added to what came in."""

    def __init__(self, width: int, heads: int, ratio: int = 4) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width, eps=1e-6)
        self.attention = Attention(width, heads)
        self.before_forward = nn.LayerNorm(width, eps=1e-6)
        self.feed_forward = FeedForward(width, ratio)

    def forward(self, tokens: Tensor) -> Tensor:
        """``tokens`` (batch, length, width) after one block."""
        normal = self.before_attention(tokens)
        tokens = tokens + self.attention(normal, normal)
        changed: Tensor = tokens + self.feed_forward(self.before_forward(tokens))
        return changed


def waves(rows: int, columns: int, width: int, like: Tensor) -> Tensor:
    """Positions as sines and cosines, (rows * columns, width): half of the width for each axis, for any size.

    Wavelengths go from 2 pi to 10000 * 2 pi tokens, as in Vaswani 2017. ``width`` is a multiple of 4.
    """
    rates = torch.exp(torch.arange(width // 4, device=like.device) * (-4.0 * math.log(10000.0) / width))
    axes = []
    for extent in (rows, columns):
        angles = torch.arange(extent, device=like.device)[:, None] * rates
        axes.append(torch.cat((angles.sin(), angles.cos()), 1))
    down = axes[0][:, None].expand(rows, columns, -1)
    across = axes[1][None].expand(rows, columns, -1)
    return torch.cat((down, across), -1).flatten(0, 1).to(like.dtype)
