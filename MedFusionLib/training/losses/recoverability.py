"""How well each source can be predicted from the fused picture, colours included, by a regression in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import torch
from torch import Tensor
from torch.nn import functional

from MedFusionLib.training.losses.colour import shown
from MedFusionLib.training.losses.compared import Compared

#: Half width of the neighbourhood and edge of the blocks (voxels), by spatial dimension; as in ``faithfulness``.
_RADIUS = {2: 2, 3: 1}
_BLOCK = {2: 32, 3: 16}
_RIDGE = 1e-3
_SHOWN = 0.02
_SOFT = 0.01
# A half with fewer voxels than this many times the features is fitted by chance.
_LEAST_ROWS = 2
# A source with a smaller variance inside is constant.
_FLAT = 1e-6


@dataclass(frozen=True)
class Halves:
    """Sums over the voxels of both halves of the blocks, float64: (batch, half, column[, column]).

    The columns are the features, then the sources; ``count`` is the number of voxels, (batch, half).
    """

    count: Tensor
    sums: Tensor
    products: Tensor
    features: int


def recoverability(it: Compared) -> Tensor:
    """1 - the smallest R2 of the sources, a soft minimum of temperature .01; at least 0.

    As ``faithfulness.recoverability``: ridge regression on the 5 x 5 (3 x 3 x 3) neighbourhood of the recoloured
    fused picture with the products of the centre's channels, fitted on every second block and scored on the others,
    where any source is above .02. A source with colour counts as the mean of R, G and B if it is the only one with
    colour, else as its luma. Errors and spreads are added over the batch before R2 is taken, so that a crop that shows
    little counts little: for one item R2 is that of the figure. Sums of products are in single precision, the solution
    in double. A pair with a half of too few voxels is left out; without any the loss is 0.
    """
    errors, spreads = unexplained(it)
    error, spread = errors.sum(0), spreads.sum(0)
    told = spread > _FLAT
    if not bool(told.any()):
        return it.fused.sum() * 0.0
    lost = (error[told] / spread[told]).float()
    return _SOFT * torch.logsumexp(lost / _SOFT, 0)


def unexplained(it: Compared) -> tuple[Tensor, Tensor]:
    """The squared errors of the predictions, and the sources' squared spreads: (item, source), float64.

    Of the items with enough voxels in both halves.
    """
    halves = _halves(it)
    enough = (halves.count >= _LEAST_ROWS * halves.features).all(1)
    halves = Halves(halves.count[enough], halves.sums[enough], halves.products[enough], halves.features)
    return _errors(_standardised(halves)), _spreads(halves)


def told(it: Compared) -> Tensor:
    """What each source tells in one number a voxel, (batch, source, *spatial)."""
    pictures, functional_ones = it.sources.pictures, it.batch.functional
    if it.batch.colour is None or sum(functional_ones) != 1:
        return pictures
    place = functional_ones.index(True)
    intensity = it.batch.colour.mean(1, keepdim=True)
    return torch.cat((pictures[:, :place], intensity, pictures[:, place + 1:]), 1)


def _halves(it: Compared) -> Halves:
    channels, targets = shown(it), told(it)
    dimension = targets.ndim - 2
    block, items, grid = _BLOCK[dimension], len(targets), _grid(targets)
    inside = _blocks(((targets > _SHOWN).any(1, keepdim=True)).to(targets.dtype), block)[:, 0].flatten(1)
    used = inside.any(1)
    tiles = _blocks(channels, block, _RADIUS[dimension])[used]
    features = _features(tiles, block, _middle(channels, targets))
    count = features.shape[1]
    wanted = _blocks(targets, block)[used].flatten(2) - 0.5
    columns = torch.cat((features, wanted, torch.ones_like(wanted[:, :1])), 1)
    products = (columns * inside[used].unsqueeze(1)) @ columns.transpose(1, 2)
    half = torch.stack(torch.meshgrid(*(torch.arange(n) for n in grid), indexing="ij")).sum(0).flatten() % 2
    place = torch.arange(items, device=used.device)[:, None] * 2 + half.to(used.device)
    total = products.new_zeros((2 * items, *products.shape[1:]), dtype=torch.float64)
    total = total.index_add(0, place.flatten()[used], products.double()).view(items, 2, *total.shape[1:])
    return Halves(total[..., -1, -1], total[..., :-1, -1], total[..., :-1, :-1], count)


def _grid(pictures: Tensor) -> tuple[int, ...]:
    """How many blocks lie along each axis."""
    block = _BLOCK[pictures.ndim - 2]
    return tuple(-(-length // block) for length in pictures.shape[2:])


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


def _middle(channels: Tensor, targets: Tensor) -> Tensor:
    """The mean of each channel where anything is shown: near enough to it, sums of products round little."""
    inside = (targets > _SHOWN).any(1, keepdim=True)
    dims = (0, *range(2, channels.ndim))
    return ((channels * inside).sum(dims) / inside.sum().clamp_min(1)).detach()


def _features(tiles: Tensor, block: int, middle: Tensor) -> Tensor:
    """The neighbourhoods, and the products of the centre's channels: (block, feature, voxel)."""
    dimension, width = tiles.ndim - 2, tiles.shape[-1] - block + 1
    centred = tiles - middle.view(-1, *(1,) * dimension)
    steps = list(product(range(width), repeat=dimension))
    rows = [_cut(centred, step, block) for step in steps]
    centre = _cut(tiles, steps[len(steps) // 2], block).unbind(1)
    pairs = list(combinations_with_replacement(range(len(centre)), 2))
    squares = torch.stack([centre[one] * centre[other] - middle[one] * middle[other] for one, other in pairs], 1)
    return torch.cat((*rows, squares), 1).flatten(2)


def _cut(tiles: Tensor, step: tuple[int, ...], block: int) -> Tensor:
    for axis, start in enumerate(step, 2):
        tiles = tiles.narrow(axis, start, block)
    return tiles


def _standardised(halves: Halves) -> Halves:
    """The same with every feature of mean 0 and variance 1 over both halves; the sources are left as they are."""
    count = halves.count.sum(1)
    mean = halves.sums.sum(1) / count[:, None]
    variance = halves.products.sum(1).diagonal(dim1=1, dim2=2) / count[:, None] - mean**2
    scale = torch.where(variance > 1e-12, variance.clamp_min(1e-12).rsqrt(), 1.0)
    places = torch.arange(scale.shape[1], device=scale.device)
    scale = torch.where(places < halves.features, scale, 1.0)
    mean = torch.where(places < halves.features, mean, 0.0)
    moved = _about(halves.products, halves.sums, halves.count, mean[:, None])
    sums = (halves.sums - halves.count[..., None] * mean[:, None]) * scale[:, None]
    return Halves(halves.count, sums, moved * (scale[:, :, None] * scale[:, None, :])[:, None], halves.features)


def _about(products: Tensor, sums: Tensor, count: Tensor, point: Tensor) -> Tensor:
    """The sums of products of what remains after ``point`` is taken off."""
    cross = sums[..., :, None] * point[..., None, :]
    rest = count[..., None, None] * point[..., :, None] * point[..., None, :]
    return products - cross - cross.transpose(-1, -2) + rest


def _errors(halves: Halves) -> Tensor:
    """The squared error of each half as predicted by the fit on the other, added up: (item, source)."""
    size = halves.features
    mean = halves.sums / halves.count[..., None]
    known = _about(halves.products, halves.sums, halves.count, mean)
    ridge = _RIDGE * halves.count[..., None, None] * torch.eye(size, dtype=known.dtype, device=known.device)
    weights = torch.linalg.solve(known[..., :size, :size] + ridge, known[..., :size, size:])
    # The voxels of the other half, seen from the mean of this one.
    unseen = _about(halves.products.flip(1), halves.sums.flip(1), halves.count.flip(1), mean)
    predicted = (weights * (unseen[..., :size, :size] @ weights)).sum(-2)
    shared = (weights * unseen[..., :size, size:]).sum(-2)
    own = unseen[..., size:, size:].diagonal(dim1=-2, dim2=-1)
    return (own - 2.0 * shared + predicted).sum(1)


def _spreads(halves: Halves) -> Tensor:
    """The squared distances of the sources from their mean over both halves: (item, source)."""
    sums, size = halves.sums.sum(1)[:, halves.features:], halves.features
    squares = halves.products.sum(1)[:, size:, size:].diagonal(dim1=1, dim2=2)
    spreads: Tensor = squares - sums**2 / halves.count.sum(1)[:, None]
    return spreads
