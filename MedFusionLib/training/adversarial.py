"""Training a generator against the discriminators of its paper, which lie in the network's own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from MedFusionLib.fields import check_fields, number
from MedFusionLib.networks.catalog import Network
from MedFusionLib.training.batch import Batch
from MedFusionLib.training.descent import Descent, autocast
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.step import settle

#: The betas of Adam that keep adversaries from swinging (A. Radford, L. Metz and S. Chintala, DCGAN, ICLR 2016).
_BETAS = (0.5, 0.999)


class Critics(Protocol):
    """The discriminators of one GAN, and what both sides lower; a module, whose class is called with the patch's edge.

    ``made`` is what :meth:`make` gave: the fused pictures first, then whatever else the discriminators judge.
    """

    def make(self, generator: nn.Module, sources: Tensor) -> tuple[Tensor, ...]:
        """What ``generator`` makes of ``sources`` (batch, 2, height, width)."""

    def tell_apart(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """What the discriminators lower; ``made`` without gradients."""

    def deceive(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The adversarial part of what the generator lowers."""

    def content(self, made: tuple[Tensor, ...], sources: Tensor) -> Tensor:
        """The other part, times its weight in the paper."""


class AdversarialStep:
    """The discriminators descend, then the generator; the recipe's losses are added to the paper's, and may be none.

    A recipe's ``step`` may hold ``adversarial`` and ``content``, what both parts of the paper's loss are multiplied by
    (1), and ``critics_rate``, the discriminators' learning rate (the recipe's). Raises ``BadInput`` for anything else.
    """

    def __init__(self, module: nn.Module, network: Network, recipe: TrainingRecipe, device: torch.device) -> None:
        from MedFusionLib.training.losses import weighted

        told = {"adversarial": 1.0, "content": 1.0, "critics_rate": recipe.learning_rate}
        told |= check_fields(recipe.step, {"adversarial": number(0.0, 1e6), "content": number(0.0, 1e6),
                                           "critics_rate": number(1e-8, 10.0)}, f"step of {network.name}")
        self._module, self._recipe, self._device, self._told = module, recipe, device, told
        place, attribute = network.critics.split(":")
        made: nn.Module = getattr(import_module(f"MedFusionLib.{place}"), attribute)(recipe.edges[0])
        self._critics_module = made.to(device)
        self._critics = cast(Critics, made)
        self._lost: Callable[[Tensor, Batch], tuple[Tensor, dict[str, float]]] | None = (
            weighted(recipe.losses) if recipe.losses else None)
        self._descent = Descent(module.parameters(), recipe, device, betas=_BETAS)
        self._critics_descent = Descent(made.parameters(), recipe, device, told["critics_rate"], _BETAS)

    def train_step(self, batch: Batch, number: int) -> dict[str, float]:
        """One descent of the discriminators and one of the generator; see ``Step``."""
        settle(self._module, self._recipe, number)
        real = batch.target.sources
        with autocast(self._recipe, self._device):
            made = self._critics.make(self._module, batch.sources)
            told_apart = self._critics.tell_apart(tuple(one.detach() for one in made), real)
        self._critics_descent.descend(told_apart.float(), number)
        with autocast(self._recipe, self._device):
            deceived = self._critics.deceive(made, real)
        content, figures = self._content(made, batch)
        total = self._told["adversarial"] * deceived.float() + content
        self._descent.descend(total, number)
        return {"loss": float(total.detach()), "critics": float(told_apart.detach()),
                "adversarial": float(deceived.detach()), **figures}

    def losses(self, batch: Batch) -> dict[str, float]:
        """The content and the recipe's losses; what the adversary says is left out, since it changes with it."""
        with autocast(self._recipe, self._device):
            made = self._critics.make(self._module, batch.sources)
        total, figures = self._content(made, batch)
        return {"loss": float(total), **figures}

    def _content(self, made: tuple[Tensor, ...], batch: Batch) -> tuple[Tensor, dict[str, float]]:
        made = tuple(one.float() for one in made)
        content = self._critics.content(made, batch.target.sources)
        figures = {"content": float(content.detach())}
        total = self._told["content"] * content
        if self._lost is not None:
            lost, others = self._lost(made[0], batch.target)
            total = total + lost
            figures |= others
        return total, figures

    def modules(self) -> Mapping[str, nn.Module]:
        """The generator and its discriminators."""
        return {"network": self._module, "critics": self._critics_module}

    def state_dict(self) -> dict[str, Any]:
        """The states of both optimisers."""
        return {"network": self._descent.state_dict(), "critics": self._critics_descent.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        self._descent.load_state_dict(state["network"])
        self._critics_descent.load_state_dict(state["critics"])
