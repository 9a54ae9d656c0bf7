"""The command ``medfusion train``."""

from __future__ import annotations

import argparse
from pathlib import Path

from MedFusionLib.console import print_json, progress_of
from MedFusionLib.errors import BadInput


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of ``train``."""
    command.add_argument("recipe", type=Path, metavar="RECIPE", help="training recipe, JSON")
    command.add_argument("--data", type=Path, required=True, metavar="ROOT", help="folder that its paths start from")
    command.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder for weights, card and logs")
    command.add_argument("--resume", action="store_true", help="go on from the checkpoint in the output folder")
    command.add_argument("--steps", type=int, metavar="N", help="instead of the recipe's")
    command.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute")
    command.add_argument("--threads", type=int, metavar="N", help="of the CPU (default: all)")
    command.add_argument("--cache", type=Path, metavar="DIR", help="for aligned volumes (default: in the output)")
    command.add_argument("--progress", choices=("bar", "json", "none"), default="bar", help="what to say meanwhile")


def run(given: argparse.Namespace) -> int:
    """Train, and tell where the weights are."""
    from MedFusionLib.training import TrainingRecipe, train

    recipe = TrainingRecipe.read(given.recipe)
    if given.steps is not None:
        recipe = TrainingRecipe.from_dict({**recipe.as_dict(), "steps": given.steps})
    if given.threads is not None:
        _use_threads(given.threads)
    trained = train(recipe, given.data, given.output, progress_of(given.progress), resume=given.resume,
                    device=given.device, cache=given.cache)
    if given.progress == "json":
        print_json({"done": True, "weights": str(trained.weights), "figures": trained.card.figures})
    elif given.progress == "bar":
        best = trained.card.figures
        print(f"\n{trained.weights}: validation loss {best['validation_loss']:.4f} at step {best['best_step']} of "
              f"{best['steps']}, {trained.card.seconds:.0f} s")
    return 0


def _use_threads(count: int) -> None:
    import torch

    if count < 1:
        raise BadInput(f"threads {count}", "Give 1 or more")
    torch.set_num_threads(count)
