"""Another frame around what a segmenter sees, so that it cannot learn where in the frame a tumour lies.

The collection's volumes end 5 cm beyond the tumour on nearly every side: a network could find a tumour by the borders
of the picture alone, and would fail on a picture that is not cut around its tumour.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: A side loses up to this share of the picture, in every second case.
_MARGIN, _CHANCE = 0.3, 0.5
#: How often a channel that may be missing is black altogether.
_MISSING = 0.1


def reframe(pictures: Tensor, smaller: int, generator: torch.Generator | None = None) -> Tensor:
    """``pictures`` (batch, channel, height, width) black outside a drawn frame, one for all channels of an item.

    Channel ``smaller``, whose field of view is smaller in practice, gets a further frame of its own or is missing.
    """
    count, _, height, width = pictures.shape
    framed = pictures * _frame(count, height, width, generator)
    own = _frame(count, height, width, generator)
    own *= (torch.rand(count, 1, 1, 1, generator=generator) >= _MISSING).to(own)
    framed[:, smaller:smaller + 1] *= own
    return framed


def _frame(count: int, height: int, width: int, generator: torch.Generator | None) -> Tensor:
    """1 inside the frame and 0 outside, (batch, 1, height, width)."""
    draws = torch.rand(2, count, 4, generator=generator)
    margins = torch.where(draws[0] < _CHANCE, draws[1] * _MARGIN, 0.0)
    rows = _between(margins[:, 0], margins[:, 1], height)
    columns = _between(margins[:, 2], margins[:, 3], width)
    return rows[:, None, :, None] * columns[:, None, None, :]


def _between(before: Tensor, after: Tensor, length: int) -> Tensor:
    """1 for the places of ``length`` that are not in the shares cut ``before`` and ``after``, (batch, length)."""
    places = (torch.arange(length) + 0.5) / length
    return ((places >= before[:, None]) & (places < 1.0 - after[:, None])).float()
