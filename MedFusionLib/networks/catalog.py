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
    requires: tuple[str, ...] = ("torch",)
    settings: tuple[Parameter, ...] = ()


_OWN = "MedFusion's own network; not from a paper"

_CNN: tuple[Network, ...] = (
    Network("medfusion", "MedFusion", "cnn", "networks.medfusion:MedFusion", _OWN,
            "Weighs the sources voxel by voxel and adds a small bounded change; black stays black",
            parameters=68_419, sources=(2, None), symmetric=True, receptive_field=31, workspace=32.0),
    Network("medfusion_3d", "MedFusion 3-D", "cnn", "networks.medfusion:MedFusion", _OWN,
            "The same for whole volumes, which sees across slices",
            parameters=54_027, options={"dimension": 3, "fine": 12, "coarse": 16}, dimensions=(3,),
            sources=(2, None), symmetric=True, receptive_field=31, workspace=16.0),
)

_GAN: tuple[Network, ...] = ()

_TRANSFORMER: tuple[Network, ...] = ()

#: Every network by name.
NETWORKS: dict[str, Network] = {network.name: network for network in (*_CNN, *_GAN, *_TRANSFORMER)}
