"""Training a network to tell which of two patches is the sharp one.

Y. Liu, X. Chen, H. Peng and Z. Wang, Multi-focus image fusion with a deep convolutional neural network, Information
Fusion 36, 2017: patches of 16 x 16, blurred on five levels, each by a Gaussian of two pixels cut to 7 x 7 of the level
before; half of the pairs have the sharp patch first. Choices taken: patches are from the sources themselves, where the
authors take photographs, and patches with nothing to blur are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.errors import BadInput
from MedFusionLib.fields import check_fields, number
from MedFusionLib.networks.catalog import Network
from MedFusionLib.networks.siamese import PATCH
from MedFusionLib.training.batch import Batch
from MedFusionLib.training.descent import Descent, autocast
from MedFusionLib.training.recipe import TrainingRecipe

_LEVELS = 5
_SIGMA, _RADIUS = 2.0, 3
_FLAT = 0.02


class Comparing(Protocol):
    """A network that scores which of two sources (batch, 2, height, width) is the sharper one."""

    def scores(self, sources: Tensor) -> Tensor: ...


class ClassifierStep:
    """Descends the cross-entropy of pairs of patches, one sharp and one blurred.

    A recipe's ``step`` may hold ``patches``, how many pairs a step looks at (64). Its losses must be empty, since the
    paper has one loss. Raises ``BadInput`` otherwise.
    """

    def __init__(self, module: nn.Module, network: Network, recipe: TrainingRecipe, device: torch.device) -> None:
        if recipe.losses:
            raise BadInput(f"network {network.name} learns to tell sharp from blurred, not {', '.join(recipe.losses)}",
                           "Leave losses empty")
        told = check_fields(recipe.step, {"patches": number(2, 1e6, int)}, f"step of {network.name}")
        self._patches = int(told.get("patches", 64))
        self._module, self._recipe, self._device = module, recipe, device
        self._descent = Descent(module.parameters(), recipe, device)

    def train_step(self, batch: Batch, number: int) -> dict[str, float]:
        """One descent; see ``Step``."""
        seed = int(torch.randint(2**62, ()))
        loss, right = self._told_apart(batch, torch.Generator().manual_seed(seed))
        self._descent.descend(loss, number)
        return {"loss": float(loss.detach()), "wrong": 1.0 - right}

    def losses(self, batch: Batch) -> dict[str, float]:
        """The cross-entropy and the share of pairs told wrongly, on the same patches every time; see ``Step``."""
        loss, right = self._told_apart(batch, torch.Generator().manual_seed(0))
        return {"loss": float(loss), "wrong": 1.0 - right}

    def _told_apart(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, float]:
        pairs, second = sharp_and_blurred(batch.target.sources, self._patches, generator)
        with autocast(self._recipe, self._device):
            scores = cast(Comparing, self._module).scores(pairs)
        scores = scores.float().flatten(1)
        return functional.cross_entropy(scores, second), float((scores.argmax(1) == second).float().mean())

    def modules(self) -> Mapping[str, nn.Module]:
        """The network alone."""
        return {"network": self._module}

    def state_dict(self) -> dict[str, Any]:
        """The optimiser's state."""
        return self._descent.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        self._descent.load_state_dict(state)


def sharp_and_blurred(pictures: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """``count`` pairs of patches (count, 2, 16, 16) of ``pictures`` (batch, source, height, width), and which is sharp.

    The second answer is 0 where the first patch is the sharp one and 1 where the second is. ``generator`` draws the
    patches, how much each is blurred, and the order.
    """
    levels = [pictures.flatten(0, 1).unsqueeze(1)]
    for _ in range(_LEVELS):
        levels.append(_blur(levels[-1]))
    sharp, *blurred = (_patches(level) for level in levels)
    busy = (sharp.std((1, 2)) > _FLAT).nonzero().squeeze(1)
    places = torch.arange(len(sharp), device=sharp.device) if len(busy) == 0 else busy
    chosen = places[torch.randint(len(places), (count,), generator=generator).to(places.device)]
    depth = torch.randint(_LEVELS, (count,), generator=generator).to(places.device)
    second = torch.randint(2, (count,), generator=generator).to(places.device)
    pairs = torch.stack((sharp[chosen], torch.stack(blurred)[depth, chosen]), 1)
    return torch.where((second == 0)[:, None, None, None], pairs, pairs.flip(1)), second


def _patches(pictures: Tensor) -> Tensor:
    """Patches (patch, 16, 16) side by side of (picture, 1, height, width)."""
    return functional.unfold(pictures, PATCH, stride=PATCH).transpose(1, 2).reshape(-1, PATCH, PATCH)


def _blur(pictures: Tensor) -> Tensor:
    offsets = torch.arange(-_RADIUS, _RADIUS + 1, device=pictures.device, dtype=pictures.dtype)
    taps = torch.exp(-0.5 * (offsets / _SIGMA) ** 2)
    kernel = torch.outer(taps, taps)
    framed = functional.pad(pictures, (_RADIUS,) * 4, mode="replicate")
    return functional.conv2d(framed, (kernel / kernel.sum())[None, None])
