"""A whole training, from recipe to card: everything is checked, then read, then trained, then measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from MedFusionLib import models
from MedFusionLib.errors import BadInput, Cancelled
from MedFusionLib.files import locate, write_whole
from MedFusionLib.models.inflated import load_or_inflate
from MedFusionLib.models.weights import build
from MedFusionLib.networks.segmenters import TRAINABLE
from MedFusionLib.outputs import check_folder
from MedFusionLib.progress import Progress, silent
from MedFusionLib.training import augmentation, checkpoint
from MedFusionLib.training.distributed import World, gathered, in_turn, world
from MedFusionLib.training.finish import RECIPE
from MedFusionLib.training.loop import Loop
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.sampling import Crops, seed_of
from MedFusionLib.training.step import step_of
from MedFusionLib.training.task import Task, task_of
from MedFusionLib.training.trained import Trained
from MedFusionLib.training.validation import judged

#: What may change when a training goes on: none of it changes what was learned so far.
_MAY_CHANGE = frozenset({"name", "steps", "validate_every", "patience", "workers", "precision", "store"})


def run(
    recipe: TrainingRecipe, data_root: Path, output: Path, progress: Progress, *, resume: bool, device: str,
    cache: Path | None,
) -> Trained:
    """See :func:`MedFusionLib.training.train`."""
    with world(device) as here:
        return _run(recipe, data_root, output, progress if here.leads else silent, resume, cache, here)


def _run(
    recipe: TrainingRecipe, root: Path, output: Path, progress: Progress, resume: bool, cache: Path | None, here: World
) -> Trained:
    task = task_of(recipe)
    state = _checked(recipe, task, root, output, resume, here)
    # Whoever comes later must not find the output folder in use.
    gathered(None)
    torch.manual_seed(seed_of(recipe.seed))
    module = _module(recipe).to(here.device).train()
    step = step_of(module, TRAINABLE[recipe.network], recipe, here.device)
    with in_turn(here):
        sets = task.read(recipe, root, cache or output / "cache", progress)
    if here.leads:
        output.mkdir(parents=True, exist_ok=True)
        write_whole(output / RECIPE, recipe.to_json().encode())
    pictures = judged(sets, recipe)
    loop = Loop(recipe, step, Crops(sets, recipe, here), pictures, here, output)
    if state:
        loop.resume(state)
    try:
        module.load_state_dict(loop.run(progress))
        with in_turn(here):
            if here.leads:
                task.finish(module.eval(), recipe, loop.standing, sets, pictures, here, output, progress)
    except (Cancelled, KeyboardInterrupt):
        raise Cancelled(_cancelled(output, loop)) from None
    weights = output / f"{recipe.name or recipe.network}{models.SUFFIX}"
    return Trained(weights, models.ModelCard.read(models.card_of(weights)), tuple(loop.standing.history))


def _checked(
    recipe: TrainingRecipe, task: Task, root: Path, output: Path, resume: bool, here: World
) -> dict[str, Any]:
    """Find everything that cannot work before anything heavy; the checkpoint's state, empty for a new training."""
    if recipe.batch % here.size:
        raise BadInput(f"a batch of {recipe.batch} for {here.size} processes", "Give a multiple of their number")
    if recipe.augmentation:
        taken = augmentation.find(recipe.augmentation).dimensions
        if recipe.dimension not in taken:
            raise BadInput(f"augmentation {recipe.augmentation} does not take {recipe.dimension} dimensions",
                           "Choose another preset")
    task.check(recipe, root)
    if not resume:
        check_folder(output)
        return {}
    state = checkpoint.load(output / checkpoint.NAME)
    _check_same(recipe.as_dict(), state["recipe"])
    return state


def _check_same(recipe: dict[str, Any], before: dict[str, Any]) -> None:
    """Raise ``BadInput`` when the recipe of a checkpoint was another in what matters."""
    for name, value in recipe.items():
        if name not in _MAY_CHANGE and _plain(value) != _plain(before.get(name)):
            raise BadInput(f"the checkpoint was made with {name} = {before.get(name)!r}, not {value!r}",
                           "Go on with the same recipe, or start in a new folder")


def _plain(value: Any) -> Any:
    """``value`` with lists for tuples, as JSON has it."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _module(recipe: TrainingRecipe) -> nn.Module:
    """The network with new weights, or with those that are tuned further."""
    if not recipe.start_from:
        return build(recipe.network)
    if recipe.start_from == "shipped":
        return models.load(recipe.network)
    return load_or_inflate(recipe.network, locate(recipe.start_from))


def _cancelled(output: Path, loop: Loop) -> str:
    if not (output / checkpoint.NAME).is_file():
        return "Cancelled before the first checkpoint"
    return f"Cancelled; the checkpoint of step {loop.standing.history[-1]['step']} is in {output}, go on with --resume"
