"""MedFusion's own network: light, for two or more sources in any order, in 2-D or 3-D.

Every source, whether it is functional, and how its colour differs from its luma, passes one shared encoder at half
and at quarter resolution. Twice the sources exchange what they see, as the maximum and the mean of their features over
the sources, so that neither number nor order matters. The head gives each source a weight and the picture a residual::

    fused = sum_i w_i * source_i + bounded(r + sum_i d_i * detail_i), within +- bound * max_i source_i

``detail_i`` is what a source differs by from its own neighbourhood in its slice, in two bands (from means over about 5
and 20 voxels a side): the shortest way for a small structure of a source that is not chosen. Where the chosen source is
plain, that part of every anatomical source's details which its weight leaves out is added as it is, because there it
hides nothing; with ``detail`` the user asks for it everywhere. What is black in all sources is exactly black in the
fused picture, and every voxel's origin is known. The weights are a softmax over the sources, of logits that start near
``sharpness * source_i``, so that those of an untrained network are close to the voxel-wise maximum's. Where some
sources are functional, which come back as colour, there is a softmax over the anatomical ones, another over the
functional ones, and a share that function has of the whole. Where no function is shown within a few voxels there is
neither share nor residual: anatomy stays as it is. Told the colours, the network also says how strong they are to be:
the luma can stay anatomy where the strength of a colour tells what its luma told. Where function is white there is no
colour to tell it, and it has up to half of the luma.

Not from a paper. Layers in 2-D: stem 2 x 2 / 2 to 16 channels, one 3 x 3; 2 x 2 / 2 to 32 channels, two residual
blocks of two 3 x 3, exchange, one residual block; 1 x 1 to 16 and smoothly back to half, added to the encoder's,
exchange, one 3 x 3, 1 x 1 to logit, residual, share, two details and the strength of colour, smoothly back to the
whole; to the strength two 1 x 1 layers of 16 channels add what luma and colour of a voxel alone say. No normalisation,
so that a tile gives what the whole gives. In 3-D the same with 3 x 3 x 3 and 2 x 2 x 2, but for each block's second
layer, which stays in its slice: so it can begin with the 2-D weights, and stays below 150 thousand parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, pad

from MedFusionLib.colour import LUMA
from MedFusionLib.networks.framing import cut_to, pad_to_multiple

_CELL = 4
_SLOPE = 0.1
_SHARPNESS, _SHARE = 16.0, 0.35
#: At this luma function has half of its say.
_DARK = 0.05
#: The head's numbers times this are logits: what it must learn is as large as what it starts from.
_REACH = 8.0
#: Weights of the voxels over which the means of the fine band are taken.
_NEAR = (1, 1, 1, 1, 1)
#: Cells of four voxels a side over which the means of the coarse band are taken.
_AROUND = 5
#: Where the chosen source differs by this much from its own neighbourhood, half of the other's details are added.
_PLAIN = 0.018
#: What each source is asked for: a logit, a residual, function's share, its details of two bands, colour's strength.
_ASKED = 6
#: Function's share of the luma at least, where it is shown white.
_WHITE_SHARE = 0.5
#: The strength of colour is within these; .5 is as strong as it was.
_PALE, _RICH = 0.1, 0.8
_TONES = 16
#: A source's luma and role, and how far red and blue lie above its luma.
_TOLD = 4
_TINY = 1e-6


class Origin(NamedTuple):
    """Where a fused picture comes from: ``weights`` ``(batch, source, *spatial)``, each voxel's sum 1, and
    ``residual`` ``(batch, 1, *spatial)``, what was added to the weighted sum."""

    weights: Tensor
    residual: Tensor


class _Said(NamedTuple):
    """What the network says of sources ``(batch, source, *spatial)``: one plane of that shape of each kind."""

    logits: Tensor
    change: Tensor
    share: Tensor
    fine: Tensor
    coarse: Tensor
    strength: Tensor


def _convolution(dimension: int, inputs: int, outputs: int, edge: int, across: int | None = None) -> nn.Module:
    """``edge`` voxels a side; ``across`` slices of a volume, if not as many."""
    if dimension == 2:
        return nn.Conv2d(inputs, outputs, edge, padding=edge // 2)
    slices = edge if across is None else across
    return nn.Conv3d(inputs, outputs, (slices, edge, edge), padding=(slices // 2, edge // 2, edge // 2))


def _halve(dimension: int, inputs: int, outputs: int) -> nn.Module:
    kind = nn.Conv2d if dimension == 2 else nn.Conv3d
    return kind(inputs, outputs, 2, stride=2)


class _Double(nn.Module):
    """A 1 x 1 convolution at twice the resolution: a blur over neighbours in each slice, then linear in between.

    Neither a transposed convolution nor a change from one cell to the next comes through: in either a trained network
    hides one source in dots of another, which the figures reward and the eye does not.
    """

    def __init__(self, dimension: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mix = _convolution(dimension, inputs, outputs, 1)
        self._kind = "bilinear" if dimension == 2 else "trilinear"

    def forward(self, features: Tensor) -> Tensor:
        """``(item, inputs, *spatial)`` to ``(item, outputs, *(2 * spatial))``."""
        smooth = _in_slices(self.mix(features), (1, 2, 1))
        return interpolate(smooth, scale_factor=2, mode=self._kind, align_corners=False)


def _in_slices(pictures: Tensor, taps: Sequence[float]) -> Tensor:
    """Means weighted by ``taps`` along both axes of each slice; beyond its border the edge value goes on.

    As sums of shifted slices, which take a fifth of the time of torch's pooling.
    """
    radius, total = len(taps) // 2, sum(taps)
    slices = pictures.flatten(0, -3).unsqueeze(1)
    for axis, sides in ((-1, (radius, radius, 0, 0)), (-2, (0, 0, radius, radius))):
        length = slices.shape[axis]
        padded = pad(slices, sides, mode="replicate")
        slices = padded.narrow(axis, 0, length) * (taps[0] / total)
        for place, tap in enumerate(taps[1:], 1):
            slices.add_(padded.narrow(axis, place, length), alpha=tap / total)
    return slices.reshape(pictures.shape)


def _active(features: Tensor) -> Tensor:
    """In place, because passes over memory are much of the time; ``features`` must be nobody else's."""
    return leaky_relu(features, _SLOPE, inplace=True)


def _apart(features: Tensor, count: int) -> Tensor:
    """``(batch * count, ...)`` as ``(batch, count, ...)``."""
    return features.reshape(-1, count, *features.shape[1:])


class Residual(nn.Module):
    """Two convolutions added to their input; in a volume the second stays in its slice."""

    def __init__(self, dimension: int, width: int) -> None:
        super().__init__()
        self.first = _convolution(dimension, width, width, 3)
        self.second = _convolution(dimension, width, width, 3, across=1)

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
        # One by one, in two thirds of the time of torch's reductions over so short an axis.
        each = apart.unbind(1)
        largest, mean = reduce(torch.maximum, each), reduce(torch.add, each) / count
        context = self.shared(torch.cat([largest, mean], dim=1))
        own = _apart(self.own(features), count)
        return _active((own + context.unsqueeze(1)).flatten(0, 1))


class MedFusion(nn.Module):
    """Weights on the sources plus a bounded residual; see the module's docstring.

    ``dimension`` is 2 or 3, ``fine`` and ``coarse`` the channels at half and quarter resolution, ``bound`` the
    largest residual as a part of the brightest source, not counting the details that plain places show, or, with
    ``detail`` (0 to 1), all places.
    """

    def __init__(
        self, dimension: int = 2, fine: int = 16, coarse: int = 32, bound: float = 0.4, detail: float = 0.0,
    ) -> None:
        super().__init__()
        self.dimension, self.bound, self.detail = dimension, bound, detail
        self.stem = _halve(dimension, _TOLD, fine)
        self.edges = _convolution(dimension, fine, fine, 3)
        self.down = _halve(dimension, fine, coarse)
        self.before = nn.Sequential(Residual(dimension, coarse), Residual(dimension, coarse))
        self.coarse_exchange = Exchange(dimension, coarse)
        self.after = Residual(dimension, coarse)
        self.up = _Double(dimension, coarse, fine)
        self.fine_exchange = Exchange(dimension, fine)
        self.last = _convolution(dimension, fine, fine, 3)
        self.head = _Double(dimension, fine, _ASKED)
        self.tone = nn.Sequential(
            _convolution(dimension, _TOLD, _TONES, 1), nn.LeakyReLU(_SLOPE),
            _convolution(dimension, _TONES, _TONES, 1), nn.LeakyReLU(_SLOPE), _convolution(dimension, _TONES, 1, 1))
        self.sharpness = nn.Parameter(torch.tensor(_SHARPNESS))
        self.share = nn.Parameter(torch.tensor(_SHARE).logit())
        self._start_plainly()

    def _start_plainly(self) -> None:
        with torch.no_grad():
            for parameter in (*self.head.parameters(), *self.tone[-1].parameters()):
                parameter.mul_(0.05)

    def forward(
        self, sources: Tensor, functional: Sequence[bool] | None = None, colours: Tensor | None = None,
    ) -> Tensor:
        """Fuse ``(batch, source, *spatial)`` in [0, 1] to ``(batch, 1, *spatial)`` in [0, 1].

        ``functional`` says for each source whether it is the luma of a functional one, whose colour is put back
        afterwards; None: none is. ``colours`` is the RGB of the functional ones in their order, ``(batch, functional,
        3, *spatial)``; None: it is not known. With colours the answer is ``(batch, 2, *spatial)``: the luma, and the
        strength that colour is to have, .5 the one it has.
        """
        roles = tuple(functional or (False,) * sources.shape[1])
        tints = _tints(sources, roles, colours)
        said = self._said(sources, roles, tints)
        origin = self._mixed(sources, roles, said, colours)
        luma = ((origin.weights * sources).sum(1, keepdim=True) + origin.residual).clamp(0.0, 1.0)
        if colours is None:
            return luma
        function = _places(roles, True)
        seen = torch.cat([luma, sources[:, function].mean(1, keepdim=True), tints[:, function].mean(1)], dim=1)
        asked = self.tone(seen) + said.strength[:, function].mean(1, keepdim=True)
        return torch.cat([luma, _PALE + (_RICH - _PALE) * torch.sigmoid(asked)], dim=1)

    def origin(
        self, sources: Tensor, functional: Sequence[bool] | None = None, colours: Tensor | None = None,
    ) -> Origin:
        """The weights and the residual that :meth:`forward` makes its luma of."""
        roles = tuple(functional or (False,) * sources.shape[1])
        return self._mixed(sources, roles, self._said(sources, roles, _tints(sources, roles, colours)), colours)

    def _mixed(self, sources: Tensor, roles: tuple[bool, ...], said: _Said, colours: Tensor | None) -> Origin:
        near = _in_slices(sources, _NEAR)
        # From the means, so that function ends softly in what is fused.
        shown = _presence(near, roles)
        scores = self.sharpness * sources + _REACH * said.logits
        shares = shown * torch.sigmoid(self.share + _REACH * said.share)
        if colours is not None:
            shares = torch.maximum(shares, _WHITE_SHARE * _whiteness(colours))
        weights = _weights(scores, shares, roles)
        largest = self.bound * sources.amax(1, keepdim=True) * shown
        far = _far(sources)
        details = said.fine * (sources - near) + said.coarse * (near - far)
        # Not of functional sources: they have none but their interpolation's, in which a network hides what it likes.
        anatomical = _places(roles, False)
        told = details[:, anatomical].sum(1, keepdim=True)
        wanted = _REACH * (largest * said.change.mean(1, keepdim=True) + told)
        residual = wanted * largest / (largest + wanted.abs() + _TINY)
        left = (1.0 - weights) * (sources - far)
        busy = (weights * (sources - far).abs()).sum(1, keepdim=True)
        plain = _PLAIN / (_PLAIN + _far(busy))
        more = self.detail + (1.0 - self.detail) * plain
        residual = residual + more * left[:, anatomical].sum(1, keepdim=True)
        return Origin(weights, residual)

    def _said(self, sources: Tensor, roles: tuple[bool, ...], tints: Tensor) -> _Said:
        count, size = sources.shape[1], tuple(sources.shape[2:])
        told = sources.new_tensor([float(role) for role in roles]).view(1, count, 1, *(1,) * self.dimension)
        apart = sources.unsqueeze(2)
        given = pad_to_multiple(torch.cat([apart, told.expand_as(apart), tints], dim=2).flatten(0, 1), _CELL)
        fine = _active(self.edges(_active(self.stem(given))))
        coarse = self.before(_active(self.down(fine)))
        coarse = self.after(self.coarse_exchange(coarse, count))
        fine = self.fine_exchange(fine + self.up(coarse), count)
        asked = cut_to(self.head(_active(self.last(fine))), size)
        return _Said(*_apart(asked, count).unbind(2))


def _places(roles: tuple[bool, ...], kind: bool) -> list[int]:
    """The numbers of the functional sources, or of the others."""
    return [place for place, role in enumerate(roles) if role is kind]


def _tints(sources: Tensor, roles: tuple[bool, ...], colours: Tensor | None) -> Tensor:
    """How far red and blue of each source lie above its luma, ``(batch, source, 2, *spatial)``: 0 for a grey one."""
    tints = sources.new_zeros(*sources.shape[:2], 2, *sources.shape[2:])
    if colours is not None:
        weights = colours.new_tensor(LUMA).view(3, *(1,) * (colours.ndim - 3))
        luma = (colours * weights).sum(2, keepdim=True)
        tints[:, _places(roles, True)] = colours[:, :, 0::2] - luma
    return tints


def _whiteness(colours: Tensor) -> Tensor:
    """How far function is shown without colour, ``(batch, 1, *spatial)``: 0 up to grey .5, 1 for white."""
    least = reduce(torch.minimum, colours.unbind(2))
    return (2.0 * least.amax(1, keepdim=True) - 1.0).clamp_min(0.0)


def _far(sources: Tensor) -> Tensor:
    """Means over ``_AROUND`` cells of ``_CELL`` voxels a side, linear in between; at the border, over those there are.

    Slice by slice in a volume too: thick slices share little.
    """
    slices = pad_to_multiple(sources.flatten(0, -3).unsqueeze(1), _CELL)
    cells = pad(avg_pool2d(slices, _CELL), [_AROUND // 2] * 4)
    # Padded by hand, because torch refuses windows larger than a small picture.
    there = pad(torch.ones_like(slices[:1, :, ::_CELL, ::_CELL]), [_AROUND // 2] * 4)
    around = avg_pool2d(cells, _AROUND, 1) / avg_pool2d(there, _AROUND, 1)
    far = interpolate(around, scale_factor=_CELL, mode="bilinear", align_corners=False)
    return cut_to(far, tuple(sources.shape[-2:])).reshape(sources.shape)


def _presence(sources: Tensor, roles: tuple[bool, ...]) -> Tensor:
    """How much function is shown, ``(batch, 1, *spatial)``: 0 where all functional sources are black, below 1.

    1 everywhere if none is functional.
    """
    if not any(roles):
        return torch.ones_like(sources[:, :1])
    function = sources[:, _places(roles, True)].amax(1, keepdim=True)
    return function / (function + _DARK)


def _weights(scores: Tensor, shares: Tensor, roles: tuple[bool, ...]) -> Tensor:
    """Each source's weight ``(batch, source, *spatial)``: softmax among its like, and function's share of the whole.

    ``shares`` is what each source asks function's share to be; their mean is taken.
    """
    kinds = [_places(roles, kind) for kind in (False, True)]
    if not all(kinds):
        return torch.softmax(scores, dim=1)
    share = shares.mean(1, keepdim=True)
    parts = [part * torch.softmax(scores[:, kind], dim=1)
             for kind, part in zip(kinds, (1.0 - share, share), strict=True)]
    order = [place for kind in kinds for place in kind]
    return torch.cat(parts, dim=1)[:, [order.index(place) for place in range(len(roles))]]
