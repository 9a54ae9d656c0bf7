"""The step that trains a segmenter: the last source of a batch is the tumour's outline, the others the channels.

Loss, for TransFuse as in its paper and for the U-Net alike: weighted IoU plus weighted cross-entropy with more weight
at the border, on every supervised output (deep supervision), each with its share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from MedFusionLib.errors import BadInput
from MedFusionLib.networks.catalog import Network
from MedFusionLib.networks.transfuse import segmentation_loss, structure_loss
from MedFusionLib.segmentation.channels import CHANNELS
from MedFusionLib.training import augmentation
from MedFusionLib.training.batch import Batch
from MedFusionLib.training.descent import Descent, autocast
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.segmentation.options import Options
from MedFusionLib.training.segmentation.reframe import reframe

_MR = CHANNELS.index("MR")


@runtime_checkable
class Segmenter(Protocol):
    """A network with logits at full size for each supervised output, the one that counts first."""

    def logits(self, sources: Tensor) -> tuple[Tensor, ...]:
        """(batch, channel, height, width) to logits, (batch, 1, height, width) each."""


class SegmentationStep:
    """Descends the structure loss of all outputs; see :class:`MedFusionLib.training.step.Step`."""

    def __init__(self, module: nn.Module, network: Network, recipe: TrainingRecipe, device: torch.device) -> None:
        if recipe.losses:
            raise BadInput(f"network {network.name} takes no losses, not {', '.join(recipe.losses)}",
                           "Leave losses out and give shares under step")
        if not isinstance(module, Segmenter):
            raise BadInput(f"network {network.name} has no logits", "Choose one that segments")
        self._module, self._segmenter, self._recipe, self._device = module, module, recipe, device
        self._options = Options.of(recipe)
        self._descent = Descent(module.parameters(), recipe, device)

    def train_step(self, batch: Batch, number: int) -> dict[str, float]:
        """One descent on the batch in another frame and another appearance."""
        given = reframe(batch.sources.cpu(), _MR)
        channels, truth = _parted(given)
        if self._options.appearance:
            seen = Batch(channels, (False,) * channels.shape[1])
            channels = augmentation.augment(seen, self._options.appearance, _generator()).sources
        logits = self._logits(channels.to(self._device))
        truth = truth.to(self._device)
        total = segmentation_loss(logits, truth, self._shares(logits))
        self._descent.descend(total, number)
        return {"loss": float(total.detach())}

    def losses(self, batch: Batch) -> dict[str, float]:
        """The structure loss of the output that counts, and its soft Dice loss."""
        from monai.losses.dice import DiceLoss

        channels, truth = _parted(batch.sources)
        logits = self._logits(channels)[0]
        dice = DiceLoss(sigmoid=True, smooth_nr=1.0, smooth_dr=1.0)
        return {"loss": float(structure_loss(logits, truth)), "dice_loss": float(dice(logits, truth))}

    def _logits(self, channels: Tensor) -> tuple[Tensor, ...]:
        with autocast(self._recipe, self._device):
            made: tuple[Tensor, ...] = self._segmenter.logits(channels)
        return tuple(maps.float() for maps in made)

    def _shares(self, logits: tuple[Tensor, ...]) -> tuple[float, ...]:
        if len(self._options.shares) != len(logits):
            raise BadInput(f"{len(self._options.shares)} shares for the {len(logits)} outputs of "
                           f"{self._recipe.network}", "Give one for each")
        return self._options.shares

    def modules(self) -> Mapping[str, nn.Module]:
        """The network alone."""
        return {"network": self._module}

    def state_dict(self) -> dict[str, Any]:
        """The optimiser's state."""
        return self._descent.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        self._descent.load_state_dict(state)


def _parted(sources: Tensor) -> tuple[Tensor, Tensor]:
    """The channels, and the outline as 0 and 1, which turning and scaling had blurred."""
    return sources[:, :-1], (sources[:, -1:] >= 0.5).float()


def _generator() -> torch.Generator:
    """A generator of its own whose seed comes from torch's, which the loop seeds before each step."""
    return torch.Generator().manual_seed(int(torch.randint(2**62, (1,))))
