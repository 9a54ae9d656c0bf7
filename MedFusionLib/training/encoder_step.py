"""Training a network whose encoder may begin with weights that were learned on photographs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from MedFusionLib.errors import BadInput
from MedFusionLib.fields import check_fields, text
from MedFusionLib.files import locate
from MedFusionLib.networks.catalog import Network
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.step import PlainStep


class EncoderStep(PlainStep):
    """Descends the recipe's weighted losses.

    A recipe's ``step`` may hold ``encoder``, a safetensors file with torchvision's names, from which the network's
    encoder is filled beforehand. Raises ``BadInput`` when that file lacks tensors or has them in another shape.
    """

    def __init__(self, module: nn.Module, network: Network, recipe: TrainingRecipe, device: torch.device) -> None:
        told = check_fields(recipe.step, {"encoder": text}, f"step of {network.name}")
        super().__init__(module, network, replace(recipe, step={}), device)
        if told.get("encoder"):
            fill(module.get_submodule("encoder"), locate(told["encoder"]))


def fill(encoder: nn.Module, file: Path) -> None:
    """Copy the tensors that ``encoder`` has from ``file``; those that it has not are left."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        given = load_file(file)
    except SafetensorError as error:
        raise BadInput(f"{file.name} is no complete safetensors file ({error})",
                       "Give the encoder's weights as safetensors") from None
    wanted = encoder.state_dict()
    for name, tensor in wanted.items():
        if name not in given or given[name].shape != tensor.shape:
            raise BadInput(f"{file.name} has no tensor {name} of shape {tuple(tensor.shape)}",
                           "Give weights with torchvision's names")
    encoder.load_state_dict({name: given[name] for name in wanted})
