"""What one step of training is: a batch goes in, the weights change, and what was lost is told.

The loop knows only the protocol :class:`Step`; a network's row in the catalog names the class that does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from MedFusionLib.errors import BadInput
from MedFusionLib.networks.catalog import Network
from MedFusionLib.training.batch import Batch
from MedFusionLib.training.descent import Descent, autocast
from MedFusionLib.training.recipe import TrainingRecipe


class Step(Protocol):
    """How a network is trained. Its class is called as ``Class(module, network, recipe, device)``.

    ``module`` is on ``device`` and starts in training mode. A step makes its own optimisers, as
    :class:`~MedFusionLib.training.descent.Descent`, which does schedule, precision and several processes; and whatever
    other modules it needs, such as discriminators, with weights drawn from torch's own generator, which is seeded.
    ``recipe.step`` holds what a recipe tells this kind of step. Raises ``BadInput`` for what it cannot use.
    """

    def __init__(self, module: nn.Module, network: Network, recipe: TrainingRecipe, device: torch.device) -> None: ...

    def train_step(self, batch: Batch, number: int) -> dict[str, float]:
        """Change the weights by one batch, which lies on the device, and return what was lost by name.

        ``number`` is the training's step, 0 the first. "loss" is the sum that is descended. torch's own generator is
        seeded anew by the loop before each step, so chance may be taken from it.
        """

    def losses(self, batch: Batch) -> dict[str, float]:
        """What is lost on a batch, by name, without a change; called in eval mode and without gradients.

        "loss" decides which weights are best, so it must be comparable between steps: no adversary in it.
        """

    def modules(self) -> Mapping[str, nn.Module]:
        """All modules that learn, by name; "network" is the one whose weights are kept."""

    def state_dict(self) -> dict[str, Any]:
        """What the next step depends on besides the modules' weights, such as the optimisers' states.

        Nested dicts and lists of tensors, numbers, text and None; no other objects, since nothing is pickled.
        """

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` gave."""


def step_of(module: nn.Module, network: Network, recipe: TrainingRecipe, device: torch.device) -> Step:
    """The step by which ``network`` is trained, as its row says."""
    place, attribute = network.training.split(":")
    made: Step = getattr(import_module(f"MedFusionLib.{place}"), attribute)(module, network, recipe, device)
    return made


def fuse(module: nn.Module, network: Network, batch: Batch) -> Tensor:
    """What ``module`` makes of a batch, (batch, 1, *spatial); it is told of function where its row says so.

    Told colours it answers (batch, 2, *spatial): the strength of colour after the luma.
    """
    if not network.roles:
        grey: Tensor = module(batch.sources)
        return grey
    # The colour of several functional sources is known only as their mixture.
    own = None if batch.colour is None or sum(batch.functional) != 1 else batch.colour.unsqueeze(1)
    fused: Tensor = module(batch.sources, functional=batch.functional, colours=own)
    return fused


def settle(module: nn.Module, recipe: TrainingRecipe, number: int) -> None:
    """From the middle of a training on, batch normalisation uses its running means, as it does when it fuses.

    A batch has pairs of one kind, whose means are not those of all kinds, and what was learned beside the one would
    not hold beside the others. ``number`` is the training's step, 0 the first.
    """
    if 2 * number >= recipe.steps:
        for layer in module.modules():
            if isinstance(layer, (nn.BatchNorm2d, nn.BatchNorm3d)):
                layer.eval()


class PlainStep:
    """Descends the recipe's weighted losses."""

    def __init__(self, module: nn.Module, network: Network, recipe: TrainingRecipe, device: torch.device) -> None:
        from MedFusionLib.training.losses import weighted

        if not recipe.losses:
            raise BadInput("the training recipe has no losses", "Give losses, as {\"ssim\": 1}")
        if recipe.step:
            raise BadInput(f"network {network.name} takes nothing under step, not {', '.join(recipe.step)}",
                           "Leave step out")
        self.module, self._network, self._recipe, self._device = module, network, recipe, device
        self._lost = weighted(recipe.losses)
        self._lost_with_colour = weighted(recipe.colour_losses or recipe.losses)
        self._descent = Descent(module.parameters(), recipe, device)

    def train_step(self, batch: Batch, number: int) -> dict[str, float]:
        """One descent; see :class:`Step`."""
        settle(self.module, self._recipe, number)
        total, figures = self._losses(batch)
        self._descent.descend(total, number)
        return {"loss": float(total.detach()), **figures}

    def losses(self, batch: Batch) -> dict[str, float]:
        """The weighted sum as "loss", and each loss by name; see :class:`Step`."""
        total, figures = self._losses(batch)
        return {"loss": float(total), **figures}

    def answer(self, batch: Batch) -> Tensor:
        """What is judged, as of :func:`fuse`; another where a network is trained by another task than fusing."""
        return fuse(self.module, self._network, batch)

    def _losses(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        lost = self._lost if batch.colour is None else self._lost_with_colour
        return lost(self._fused(batch), batch.target, self._fused)

    def _fused(self, batch: Batch) -> Tensor:
        """The answer in 32 bits: losses divide by small variances, which 16 bits do not hold."""
        with autocast(self._recipe, self._device):
            return self.answer(batch).float()

    def modules(self) -> Mapping[str, nn.Module]:
        """The network alone."""
        return {"network": self.module}

    def state_dict(self) -> dict[str, Any]:
        """The optimiser's state."""
        return self._descent.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        self._descent.load_state_dict(state)
