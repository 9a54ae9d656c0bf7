"""Attention within windows, shifted by half a window in every other block (Swin).

Z. Liu et al., Swin transformer: hierarchical vision transformer using shifted windows, ICCV 2021: windows of ``size`` x
``size`` tokens that do not overlap, a learned bias for each relative position and head, a cyclic shift, and a mask so
that tokens from opposite borders, which the shift makes neighbours, do not see each other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from MedFusionLib.networks.attention import Attention

_APART = -100.0


def split(grid: Tensor, size: int) -> Tensor:
    """The windows (batch * window, size * size, width) of a grid (batch, rows, columns, width)."""
    batch, rows, columns, width = grid.shape
    cells = grid.reshape(batch, rows // size, size, columns // size, size, width)
    return cells.transpose(2, 3).reshape(-1, size * size, width)


def join(windows: Tensor, size: int, rows: int, columns: int) -> Tensor:
    """The grid (batch, rows, columns, width) of windows (batch * window, size * size, width)."""
    cells = windows.reshape(-1, rows // size, columns // size, size, size, windows.shape[-1])
    return cells.transpose(2, 3).reshape(-1, rows, columns, windows.shape[-1])


def strangers(rows: int, columns: int, size: int, shift: int, like: Tensor) -> Tensor:
    """(window, size * size, size * size): 0 where two tokens of a shifted window were neighbours before, else -100."""
    sides = []
    for extent in (rows, columns):
        places = torch.arange(extent, device=like.device)
        sides.append((places >= extent - size).long() + (places >= extent - shift).long())
    regions = 3 * sides[0][:, None] + sides[1][None]
    labels = split(regions[None, :, :, None], size)[..., 0]
    return (labels[:, :, None] != labels[:, None]).to(like.dtype) * _APART


class WindowAttention(nn.Module):
    """Tokens of a grid look at the same window of the same or of another grid.

    Grids are (batch, rows, columns, width), their sides multiples of ``size``; ``shift`` is 0 or size // 2.
    """

    relative: Tensor

    def __init__(self, width: int, heads: int, size: int, shift: int) -> None:
        super().__init__()
        self.size, self.shift = size, shift
        self.attention = Attention(width, heads)
        self.table = nn.Parameter(torch.zeros((2 * size - 1) ** 2, heads))
        nn.init.trunc_normal_(self.table, std=0.02)
        places = torch.cartesian_prod(torch.arange(size), torch.arange(size))
        apart = places[:, None] - places[None] + size - 1
        self.register_buffer("relative", apart[..., 0] * (2 * size - 1) + apart[..., 1], persistent=False)

    def _bias(self, grid: Tensor) -> Tensor:
        """What is added to the logits: (1 or batch * window, heads, size * size, size * size)."""
        bias = self.table[self.relative].permute(2, 0, 1)[None]
        if not self.shift:
            return bias
        batch, rows, columns = grid.shape[:3]
        apart = strangers(rows, columns, self.size, self.shift, grid)
        return (bias + apart[:, None]).repeat(batch, 1, 1, 1)

    def _windows(self, grid: Tensor) -> Tensor:
        return split(torch.roll(grid, (-self.shift, -self.shift), (1, 2)), self.size)

    def forward(self, grid: Tensor, other: Tensor) -> Tensor:
        """``grid`` after its tokens looked at those of ``other`` (the same tensor for self-attention)."""
        looked = self.attention(self._windows(grid), self._windows(other), self._bias(grid))
        return torch.roll(join(looked, self.size, *grid.shape[1:3]), (self.shift, self.shift), (1, 2))
