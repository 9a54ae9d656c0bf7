"""A segmenter's training, from recipe to card, by the loop of the fusion networks."""

from __future__ import annotations

from pathlib import Path

import torch

from MedFusionLib.files import write_whole
from MedFusionLib.models.weights import build
from MedFusionLib.networks.segmenters import SEGMENTERS
from MedFusionLib.outputs import check_folder
from MedFusionLib.progress import Progress
from MedFusionLib.training import checkpoint
from MedFusionLib.training.cases import check_cases
from MedFusionLib.training.distributed import world
from MedFusionLib.training.loop import Loop
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.sampling import Crops, seed_of
from MedFusionLib.training.segmentation.cases import read_tumours, with_mask
from MedFusionLib.training.segmentation.finish import RECIPE, finish
from MedFusionLib.training.step import step_of
from MedFusionLib.training.trained import Trained
from MedFusionLib.training.validation import judged


def run(
    recipe: TrainingRecipe, root: Path, output: Path, progress: Progress, *, resume: bool, device: str,
    cache: Path | None,
) -> Trained:
    """See :func:`MedFusionLib.training.train`; ``cache`` stays empty, since slices are made in a second a patient."""
    check_cases(with_mask(recipe), root)
    state = checkpoint.load(output / checkpoint.NAME) if resume else None
    if state is None:
        check_folder(output)
    with world(device) as here:
        torch.manual_seed(seed_of(recipe.seed))
        module = build(recipe.network).to(here.device).train()
        step = step_of(module, SEGMENTERS[recipe.network], recipe, here.device)
        pairs = read_tumours(recipe, root, progress)
        output.mkdir(parents=True, exist_ok=True)
        write_whole(output / RECIPE, recipe.to_json().encode())
        loop = Loop(recipe, step, Crops([pairs], recipe, here), judged([pairs], recipe), here, output)
        if state is not None:
            loop.resume(state)
        module.load_state_dict(loop.run(progress))
        return finish(module.eval(), recipe, loop.standing, pairs, root, output, progress)
