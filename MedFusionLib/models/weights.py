"""Weights in and out, as safetensors alone: a format of plain numbers that can hold no code.

A file is read once, and the very bytes that were checked are used. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.files import write_whole
from MedFusionLib.models.card import ModelCard
from MedFusionLib.models.places import SUFFIX, card_of, find
from MedFusionLib.networks.catalog import Network
from MedFusionLib.networks.segmenters import TRAINABLE

if TYPE_CHECKING:
    from torch import Tensor, nn

# How files of torch.save begin: a zip of pickles, or the pickle itself.
_PICKLES = (b"PK\x03\x04", b"\x80")
_MEND = "Take the weights and their card again from where they come"


def check(name: str, path: Path) -> ModelCard:
    """The card of the weights ``path`` for network ``name``, once file and card agree; imports no torch.

    Raises ``BadInput`` for a pickle, a wrong hash, a missing or wrong card, and the card of another network, and
    ``MissingDependency`` when torch or safetensors, which loading needs, is not installed.
    """
    _check_packages()
    return _checked(name, path)[0]


def load(name: str, path: Path | None = None, **settings: Any) -> nn.Module:
    """Network ``name`` in eval mode on the CPU with its weights, or with those in ``path``.

    ``settings`` are those of its row that a user may choose.

    Raises ``BadInput`` when it is not trained, and as :func:`check`, and for a truncated file, for tensors that the
    network does not have, lacks, or has in another shape, and for numbers that are not finite.
    """
    weights = path or find(name)
    if weights is None:
        raise not_trained(name)
    _check_packages()
    _, data = _checked(name, weights)
    network = build(name, **settings)
    tensors = _tensors(data, weights)
    _check_tensors(tensors, network.state_dict(), weights)
    network.load_state_dict(tensors)
    return network.eval()


def not_trained(name: str) -> BadInput:
    """The error of a network that has no weights here."""
    return BadInput(f"method {name} is not trained: no weights are there",
                    f"Give the weights of your own (parameter weights, a {SUFFIX} file), or choose another method")


def build(name: str, **settings: Any) -> nn.Module:
    """A new module of network ``name`` with random weights; ``settings`` are those that a user may choose."""
    network = _network(name)
    module, attribute = network.module.split(":")
    made: nn.Module = getattr(import_module(f"MedFusionLib.{module}"), attribute)(**{**network.options, **settings})
    return made


def save(module: nn.Module, card: ModelCard, folder: Path, half: bool = False) -> Path:
    """Write the weights of ``module`` and ``card``, with their hash and count, to ``folder``; returns the file.

    The file is called after the card's name. Each file is complete or not there; those of the same name are replaced.
    ``half`` stores float32 in 16 bits, half the size; :func:`load` gives float32 again. Raises ``BadInput`` for weights
    that 16 bits cannot hold.
    """
    from safetensors.torch import save as to_bytes

    stored = _halved if half else _whole
    tensors = {name: stored(name, tensor.detach().cpu()).contiguous() for name, tensor in module.state_dict().items()}
    data = to_bytes(tensors)
    count = sum(parameter.numel() for parameter in module.parameters())
    card = replace(card, sha256=sha256(data).hexdigest(), parameters=count)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{card.name}{SUFFIX}"
    write_whole(file, data)
    write_whole(card_of(file), card.to_json().encode())
    return file


def _whole(name: str, tensor: Tensor) -> Tensor:
    return tensor


def _halved(name: str, tensor: Tensor) -> Tensor:
    """A tensor of floating point in 16 bits; others as they are."""
    if not tensor.is_floating_point():
        return tensor
    halved = tensor.half()
    if not halved.isfinite().all():
        raise BadInput(f"tensor {name} holds numbers beyond 16 bits", "Store the weights in full")
    return halved


def _check_packages() -> None:
    for package in ("torch", "safetensors"):
        if find_spec(package) is None:
            raise MissingDependency(f"weights need {package}, which is not installed", "Install it")


def _network(name: str) -> Network:
    if name not in TRAINABLE:
        raise BadInput(f"unknown network '{name}'", f"Known are {', '.join(TRAINABLE)}")
    return TRAINABLE[name]


def _checked(name: str, path: Path) -> tuple[ModelCard, bytes]:
    """The card and the bytes of ``path``, which belong together and to network ``name``."""
    row = _network(name)
    if not path.is_file():
        raise BadInput(f"no weights in {path.name}", f"Give a {SUFFIX} file")
    data = path.read_bytes()
    # Safetensors begin with the length of their header, whose lowest byte may be a pickle's; the header follows it.
    if data.startswith(_PICKLES) and data[8:9] != b"{":
        raise BadInput(f"{path.name} is a pickle of Python, which could run code when it is read, not weights",
                       f"Give a {SUFFIX} file")
    card = ModelCard.read(card_of(path))
    if card.network != name:
        raise BadInput(f"{path.name} holds weights of the network {card.network}, not {name}", _MEND)
    # In JSON a tuple is a list.
    if json.dumps(card.options, sort_keys=True) != json.dumps(row.options, sort_keys=True) \
            or card.parameters != row.parameters:
        raise BadInput(f"{path.name} holds weights of another size of {name}: {card.parameters} parameters and "
                       f"options {dict(card.options)}, not {row.parameters} and {dict(row.options)}", _MEND)
    if sha256(data).hexdigest() != card.sha256:
        raise BadInput(f"{path.name} has not the SHA-256 that its card says: it is damaged or was exchanged", _MEND)
    return card, data


def _tensors(data: bytes, path: Path) -> dict[str, Tensor]:
    """The tensors in ``data``, by name."""
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    try:
        tensors: dict[str, Tensor] = from_bytes(data)
    except (SafetensorError, KeyError, ValueError) as error:
        raise BadInput(f"{path.name} is no complete {SUFFIX} file ({error})", _MEND) from None
    return tensors


def _check_tensors(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path) -> None:
    """Raise ``BadInput`` unless ``given`` are what the network has: names, shapes and finite numbers."""
    import torch

    for name in sorted(given.keys() ^ wanted.keys()):
        word = "lacks" if name in wanted else "has an unknown"
        raise BadInput(f"{path.name} {word} tensor {name}", _MEND)
    for name, tensor in given.items():
        if tensor.shape != wanted[name].shape:
            raise BadInput(f"{path.name}: tensor {name} has the shape {tuple(tensor.shape)}, "
                           f"not {tuple(wanted[name].shape)}", _MEND)
        if not torch.isfinite(tensor).all():
            raise BadInput(f"{path.name}: tensor {name} holds numbers that are not finite", _MEND)
