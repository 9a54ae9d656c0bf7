"""Networks as fusion methods: the catalog's rows become cards, and their weights are loaded when a run asks for them.

A network without weights is listed as not trained and refused when it is loaded, before any heavy work, unless the
user gives weights of his own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from MedFusionLib import models
from MedFusionLib.arrays import is_numpy_array
from MedFusionLib.files import locate
from MedFusionLib.fusion.base import check_sources
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.precision import PRECISION, Precision
from MedFusionLib.networks.catalog import NETWORKS, Network

if TYPE_CHECKING:
    import torch
    from torch import nn

_WEIGHTS = Parameter("weights", "", "A file of your own weights (.safetensors, its card beside it); empty: MedFusion's")


class Learned:
    """A network with its weights. ``weights`` is the path of the user's file, "" for those that are found, and
    ``precision`` as its parameter says. Raises ``BadInput`` when there are none, or when they are not what their card
    says.
    """

    def __init__(self, card: Card, weights: str, precision: str = "auto", **settings: Any) -> None:
        file = locate(str(weights)) if weights else models.find(card.name)
        if file is None:
            from MedFusionLib.models.weights import not_trained

            raise not_trained(card.name)
        self._sha256 = models.check(card.name, file).sha256
        self.card = replace(card, trained=True)
        self._file, self._settings = file, settings
        self._module: nn.Module | None = None
        self._precision = Precision(precision)

    @property
    def provenance(self) -> dict[str, str]:
        """What a run's record says of the network: the file of its weights, their SHA-256, the precision it had."""
        return {"weights": self._file.name, "weights_sha256": self._sha256,
                "precision": "half" if self._precision.half else "full"}

    def fuse(self, sources: Any, **roles: Any) -> Any:
        """Fuse ``(batch, source, *spatial)`` in [0, 1] to ``(batch, 1, *spatial)`` in [0, 1]; see ``Method``.

        ``roles`` is ``functional``, for a network that uses roles: after the sources may then come the red, green and
        blue of each functional one.
        """
        import torch

        check_sources(self.card, sources[:, : len(roles["functional"])] if roles else sources)
        on_host = is_numpy_array(sources)
        # A copy, because torch must not share an array that cannot be written to.
        given = torch.from_numpy(np.array(sources, np.float32)) if on_host else sources
        module = self._placed(given.device)
        with torch.inference_mode():
            fused = self._precision.answer(lambda part: self._answer(module, part, **roles), given)
        return fused.numpy() if on_host else fused

    def _answer(self, module: nn.Module, sources: Any, **roles: Any) -> Any:
        """What ``module`` makes of ``sources``; another where the network is one part of a method."""
        count = len(roles["functional"]) if roles else sources.shape[1]
        if sources.shape[1] > count:
            roles = {**roles, "colours": sources[:, count:].unflatten(1, (-1, 3))}
        return module(sources[:, :count], **roles)

    def _placed(self, device: torch.device) -> nn.Module:
        """The network on ``device``; loaded when it is first asked for, because that imports torch."""
        import torch
        from torch.nn.utils import convert_conv2d_weight_memory_format

        if self._module is None:
            # The layout in which convolutions of pictures are fastest.
            self._module = convert_conv2d_weight_memory_format(
                models.load(self.card.name, self._file, **self._settings), torch.channels_last)
        self._module = self._module.to(device)
        return self._module


def _entry(network: Network) -> Entry:
    """The line of the fusion catalog for ``network``."""
    return Entry(Card(
        network.name, network.title, network.family,
        f"{network.reference}, {network.doi}" if network.doi else network.reference, network.summary,
        sources=network.sources, dimensions=network.dimensions, symmetric=network.symmetric,
        trained=models.find(network.name) is not None, requires=network.requires,
        parameters=(*network.settings, PRECISION, _WEIGHTS), workspace=network.workspace,
        receptive_field=network.receptive_field, learned_parameters=network.parameters,
        published_parameters=network.published_parameters, uses_roles=network.roles,
    ), f"MedFusionLib.{network.method}")


ENTRIES = tuple(_entry(network) for network in NETWORKS.values())
