"""One optimiser with its schedule, precision and place among several processes: from a loss to changed weights.

The learning rate is a function of the step's number alone, so a resumed training needs no scheduler's state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from MedFusionLib.training.distributed import average_gradients
from MedFusionLib.training.recipe import TrainingRecipe

#: The share of the learning rate that is left when the fraction ``done`` of the steps after the warm-up is over.
_FALL: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 + 0.5 * math.cos(math.pi * done),
}


def rate(recipe: TrainingRecipe, number: int) -> float:
    """The share of the learning rate in step ``number`` (0 is the first): a linear warm-up, then the schedule."""
    if number < recipe.warm_up:
        return (number + 1) / (recipe.warm_up + 1)
    done = (number - recipe.warm_up) / max(recipe.steps - recipe.warm_up, 1)
    return _FALL[recipe.schedule](min(done, 1.0))


def autocast(recipe: TrainingRecipe, device: torch.device) -> AbstractContextManager[Any]:
    """What a network computes in: 16 bits where that is safe for precision "mixed", else as it is."""
    return torch.autocast(device.type, _half(device), enabled=recipe.precision == "mixed")


def _half(device: torch.device) -> torch.dtype:
    """Bfloat16, which has the range of float32; float16 on a GPU that has no bfloat16."""
    return torch.float16 if device.type == "cuda" and not torch.cuda.is_bf16_supported() else torch.bfloat16


class Descent:
    """Adam with decoupled weight decay on some parameters, as a recipe says.

    ``learning_rate`` and ``betas`` are for a step that has its own; the recipe's schedule holds for all.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], recipe: TrainingRecipe, device: torch.device,
        learning_rate: float | None = None, betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self._recipe = recipe
        self._learning_rate = recipe.learning_rate if learning_rate is None else learning_rate
        self._optimiser = torch.optim.AdamW(
            self._parameters, lr=self._learning_rate, betas=betas, weight_decay=recipe.weight_decay)
        scaled = recipe.precision == "mixed" and _half(device) is torch.float16
        self._scaler = torch.amp.GradScaler(device.type, enabled=scaled)

    def descend(self, loss: Tensor, number: int) -> None:
        """Change the parameters so that ``loss`` falls; ``number`` is the training's step, 0 the first.

        The gradients are those of all processes, averaged.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate * rate(self._recipe, number)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(self._scaler.scale(loss))
        # Before they are unscaled, so that a gradient beyond 16 bits in one process makes all leave this step out.
        average_gradients(self._parameters)
        self._scaler.unscale_(self._optimiser)
        if self._recipe.clip:
            nn.utils.clip_grad_norm_(self._parameters, self._recipe.clip)
        self._scaler.step(self._optimiser)
        self._scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on: nested dicts and lists of tensors, numbers and text."""
        return {"optimiser": self._optimiser.state_dict(), "scaler": self._scaler.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        self._optimiser.load_state_dict(state["optimiser"])
        self._scaler.load_state_dict(state["scaler"])
