"""A running mean of the weights, which changes less from step to step than the weights themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The exponential mean of a module's parameters with the given ``decay`` (0: the parameters themselves)."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._module, self._decay = module, decay
        self._mean = {name: item.detach().clone() for name, item in module.named_parameters()} if decay else {}

    def update(self) -> None:
        """Take the module's parameters, as they are after a step, into the mean."""
        for name, parameter in self._module.named_parameters():
            if name in self._mean:
                self._mean[name].lerp_(parameter.detach(), 1.0 - self._decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the module has the mean in place of its parameters."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        with torch.no_grad():
            for name, parameter in self._module.named_parameters():
                if name in self._mean:
                    kept = parameter.clone()
                    parameter.copy_(self._mean[name])
                    self._mean[name].copy_(kept)

    def state_dict(self) -> dict[str, Tensor]:
        """The mean by the parameters' names."""
        return dict(self._mean)

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        for name, mean in self._mean.items():
            mean.copy_(state[name])
