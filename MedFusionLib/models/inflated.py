"""The weights of a network for pictures as a start for its sibling for volumes.

Carreira and Zisserman, Quo vadis, action recognition? (CVPR 2017, section 2): a kernel is repeated along the new axis
and divided by its length. Here only the even ones, which halve, are repeated; of the odd ones the middle is the
picture's and the rest 0, so that slices stay as sharp as they were.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from MedFusionLib.models.card import ModelCard
from MedFusionLib.models.places import card_of
from MedFusionLib.models.weights import build, load

#: The networks for volumes that begin as another for pictures; those have no transposed convolutions.
SIBLINGS = {"medfusion_3d": "medfusion"}


def load_or_inflate(name: str, path: Path) -> nn.Module:
    """Network ``name`` in eval mode with the weights in ``path``: its own, or those of its sibling for pictures.

    Raises ``BadInput`` as :func:`~MedFusionLib.models.weights.load`.
    """
    card = card_of(path)
    sibling = SIBLINGS.get(name)
    if sibling is None or not card.is_file() or ModelCard.read(card).network != sibling:
        return load(name, path)
    volumes = build(name)
    inflate(load(sibling, path), volumes)
    return volumes.eval()


def inflate(pictures: nn.Module, volumes: nn.Module) -> None:
    """Give ``volumes`` the weights of ``pictures``: a volume of equal slices then gives what one of them gives.

    The new axis is the first of a kernel's spatial axes.
    """
    flat = pictures.state_dict()
    volumes.load_state_dict({name: _deeper(flat[name], wanted) for name, wanted in volumes.state_dict().items()})


def _deeper(kernel: Tensor, wanted: Tensor) -> Tensor:
    if kernel.ndim == wanted.ndim:
        return kernel
    length = wanted.shape[2]
    if length % 2 == 0:
        return kernel.unsqueeze(2).repeat_interleave(length, dim=2) / length
    deeper = wanted.new_zeros(wanted.shape)
    deeper[:, :, length // 2] = kernel
    return deeper
