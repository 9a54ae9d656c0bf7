"""Counting learned numbers, and finding those that training could not move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def count(make: Callable[[], Any]) -> int:
    """Learned numbers of the network that ``make`` builds, without room for them being taken."""
    import torch

    with torch.device("meta"):
        return sum(parameter.numel() for parameter in make().parameters())


def unmoved(network: Any, loss: Any) -> list[str]:
    """Names of the parameters of ``network`` into which ``loss`` sends no gradient, or only zeros."""
    network.zero_grad()
    loss.backward()
    return [name for name, parameter in network.named_parameters()
            if parameter.grad is None or not parameter.grad.any()]
