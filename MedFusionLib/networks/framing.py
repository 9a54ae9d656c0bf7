"""Pads pictures of any size to the multiples that a network needs, and cuts its answer back."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def pad_to_multiple(pictures: Tensor, multiple: int) -> Tensor:
    """``pictures`` (batch, channel, *spatial) continued at their far ends, by their last voxels, to the next multiple.

    Edge voxels are repeated and not mirrored, since mirroring fails where a picture is smaller than its margin.
    """
    margins = [(-extent) % multiple for extent in pictures.shape[2:]]
    if not any(margins):
        return pictures
    # functional.pad counts from the last axis.
    pairs = [end for margin in reversed(margins) for end in (0, margin)]
    return functional.pad(pictures, pairs, mode="replicate")


def cut_to(pictures: Tensor, spatial: tuple[int, ...]) -> Tensor:
    """``pictures`` (batch, channel, *spatial) without the margins that ``pad_to_multiple`` added."""
    for axis, extent in enumerate(spatial, start=2):
        pictures = pictures.narrow(axis, 0, extent)
    return pictures
