"""Neighbourhoods of voxels as columns of a regression, summed up block by block."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from MedFusionLib.training.losses.ridge import Halves

#: Half width of the neighbourhood and edge of the blocks (voxels), by spatial dimension; as in ``faithfulness``.
RADIUS = {2: 2, 3: 1}
BLOCK = {2: 32, 3: 16}
# Blocks whose columns are made at once: so few stay in a processor's cache.
_AT_ONCE = 16


class Squares(torch.autograd.Function):
    """``columns`` (block, column, voxel) times themselves, summed over the voxels; backward in one product, not two."""

    @staticmethod
    def forward(ctx: Any, columns: Tensor) -> Tensor:
        """(block, column, column)."""
        ctx.save_for_backward(columns)
        return columns @ columns.transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """The gradient in the columns."""
        columns: Tensor = ctx.saved_tensors[0]
        return (gradient + gradient.transpose(1, 2)) @ columns


def halves(channels: Tensor, targets: Tensor, inside: Tensor) -> Halves:
    """Sums over every second block, and over the others, of features and targets at the voxels ``inside``.

    The features are the neighbourhood of each voxel in ``channels`` (batch, channel, *spatial) and the products of the
    channels at its centre. ``targets`` are (batch, target, *spatial), ``inside`` (batch, 1, *spatial) is boolean.
    """
    dimension, items = targets.ndim - 2, len(targets)
    block, middle = BLOCK[dimension], _middle(channels, inside)
    weights = _blocks(inside.to(targets.dtype), block).flatten(2)
    used = weights.flatten(1).any(1)
    tiles = _blocks(channels - middle.view(-1, *(1,) * dimension), block, RADIUS[dimension])[used]
    wanted = _blocks(torch.cat((targets - 0.5, torch.ones_like(targets[:, :1])), 1), block).flatten(2)[used]
    parts = zip(*(torch.split(part, _AT_ONCE) for part in (tiles, wanted, weights[used])), strict=True)
    squares: Callable[[Tensor], Tensor] = Squares.apply
    sums = [
        squares(torch.cat((_features(tile, block, middle), rest), 1) * weight) for tile, rest, weight in parts
    ]
    # Halves 0 and 1 of the first item, then those of the second.
    half = _checkerboard(targets).to(used.device).repeat(items) + 2 * torch.arange(
        items, device=used.device).repeat_interleave(len(used) // items)
    count = middle.numel() * (2 * RADIUS[dimension] + 1) ** dimension + middle.numel() * (middle.numel() + 1) // 2
    columns = count + wanted.shape[1]
    total = torch.zeros((2 * items, columns, columns), dtype=torch.float64, device=used.device)
    if sums:
        total = total.index_add(0, half[used], torch.cat(sums).double())
    total = total.view(items, 2, columns, columns)
    return Halves(total[..., -1, -1], total[..., :-1, -1], total[..., :-1, :-1], count)


def _checkerboard(pictures: Tensor) -> Tensor:
    """1 for every second block, 0 for the others."""
    block = BLOCK[pictures.ndim - 2]
    axes = [torch.arange(-(-length // block)) for length in pictures.shape[2:]]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")).sum(0).flatten() % 2


def _blocks(pictures: Tensor, block: int, margin: int = 0) -> Tensor:
    """Blocks with ``margin`` voxels around: (batch times block, channel, *edges).

    Beyond the picture the edge goes on for the margin; after that, to fill the last blocks, there is 0.
    """
    spatial = pictures.shape[2:]
    if margin:
        pictures = functional.pad(pictures, (margin, margin) * len(spatial), mode="replicate")
    missing = [(-length) % block for length in spatial]
    if any(missing):
        pictures = functional.pad(pictures, [pad for short in reversed(missing) for pad in (0, short)])
    for axis in range(2, 2 + len(spatial)):
        pictures = pictures.unfold(axis, block + 2 * margin, block)
    return pictures.movedim(1, 1 + len(spatial)).flatten(0, len(spatial))


def _middle(channels: Tensor, inside: Tensor) -> Tensor:
    """The mean of each channel inside: near enough to every column's, so that sums of products round little."""
    dims = (0, *range(2, channels.ndim))
    return ((channels * inside).sum(dims) / inside.sum().clamp_min(1)).detach()


def _features(tiles: Tensor, block: int, middle: Tensor) -> Tensor:
    """The neighbourhoods, and the products of the centre's channels: (block, feature, voxel).

    ``middle`` has been taken off the tiles, and its products are taken off those of the channels.
    """
    windows = tiles
    for axis in range(2, tiles.ndim):
        windows = windows.unfold(axis, block, 1)
    channels, dimension = len(middle), tiles.ndim - 2
    around = (2 * RADIUS[dimension] + 1) ** dimension
    rows = windows.reshape(len(tiles), channels * around, block**dimension)
    centre = (rows[:, around // 2 :: around] + middle[:, None]).unbind(1)
    pairs = list(combinations_with_replacement(range(channels), 2))
    squares = torch.stack([centre[one] * centre[other] - middle[one] * middle[other] for one, other in pairs], 1)
    return torch.cat((rows, squares), 1)
