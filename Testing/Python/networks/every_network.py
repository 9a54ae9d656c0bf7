"""Building any network of the catalog by its name, for the tests."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from MedFusionLib.networks.catalog import NETWORKS


def build(name: str, **settings: Any) -> Any:
    """Network ``name`` with fixed random weights, in eval mode; ``settings`` change its row's options."""
    import torch

    network = NETWORKS[name]
    module, attribute = network.module.split(":")
    torch.manual_seed(0)
    kind = getattr(import_module(f"MedFusionLib.{module}"), attribute)
    return kind(**{**network.options, **settings}).eval()


def sources_of(name: str, *spatial: int, batch: int = 2) -> Any:
    """Random sources ``(batch, source, *spatial)`` in [0, 1], as few as the network takes."""
    import torch

    return torch.rand(batch, NETWORKS[name].sources[0], *spatial, generator=torch.Generator().manual_seed(1))
