"""The fusion networks as data: what can be said of each without importing torch.

A network is a module of this package and a row here. Its class is called with the row's ``options`` and the user's
``settings`` as keywords, and its ``forward`` takes float32 ``(batch, source, *spatial)`` in [0, 1] to
``(batch, 1, *spatial)`` in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from MedFusionLib.fusion.card import Family, Parameter


@dataclass(frozen=True)
class Network:
    """The facts of one network.

    ``module`` is "networks.file:Class" within this library. ``parameters`` counts the learned numbers that fusion
    uses (a discriminator is not counted; frozen ones are); ``published_parameters`` is what the paper says, None
    where it does not. ``receptive_field`` is how far, in voxels, a voxel of the output looks; None: at everything.
    ``settings`` are what a user may choose without other weights, such as the rule that joins the features.
    The others are as on a method's :class:`~MedFusionLib.fusion.card.Card`.
    """

    name: str
    title: str
    family: Family
    module: str
    reference: str
    summary: str
    parameters: int
    doi: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    dimensions: tuple[int, ...] = (2,)
    sources: tuple[int, int | None] = (2, 2)
    symmetric: bool = False
    published_parameters: int | None = None
    receptive_field: int | None = None
    workspace: float = 64.0
    requires: tuple[str, ...] = ("torch", "safetensors")
    settings: tuple[Parameter, ...] = ()


_CNN: tuple[Network, ...] = ()

_GAN: tuple[Network, ...] = ()

_TRANSFORMER: tuple[Network, ...] = ()

#: Every network by name.
NETWORKS: dict[str, Network] = {network.name: network for network in (*_CNN, *_GAN, *_TRANSFORMER)}
