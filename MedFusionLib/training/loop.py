"""The loop: step after step, judged now and then, with the best weights kept and a checkpoint to go on from."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from MedFusionLib.errors import MedFusionError
from MedFusionLib.progress import Progress
from MedFusionLib.training import checkpoint
from MedFusionLib.training.average import Average
from MedFusionLib.training.distributed import World, gathered
from MedFusionLib.training.history import History
from MedFusionLib.training.recipe import TrainingRecipe
from MedFusionLib.training.sampling import Crops, batches, seed_of
from MedFusionLib.training.step import Step
from MedFusionLib.training.validation import Judged, means, validate

#: Apart from those of the crops, so that a step's chance and its crops have nothing in common.
_CHANCE = 1
_TELL_EVERY = 0.2


@dataclass
class Standing:
    """Where a training stands after ``step`` steps: its best judgement, how many judgements ago, its history."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0
    since: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


class Loop:
    """Trains by ``step`` on ``crops``, judges on ``pictures``, and writes checkpoints and history to ``folder``."""

    def __init__(
        self, recipe: TrainingRecipe, step: Step, crops: Crops, pictures: Sequence[Judged], world: World, folder: Path
    ) -> None:
        self._recipe, self._step, self._crops, self._pictures = recipe, step, crops, pictures
        self._world, self._folder = world, folder
        self._network = step.modules()["network"]
        self._average = Average(self._network, recipe.average)
        self._best: dict[str, Tensor] = {}
        self.standing = Standing()

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint's ``state``."""
        self.standing = Standing(**state["standing"])
        for name, module in self._step.modules().items():
            module.load_state_dict(state["modules"][name])
        self._step.load_state_dict(state["step"])
        self._average.load_state_dict(state["average"])
        self._best = dict(state["best"])

    def run(self, progress: Progress) -> dict[str, Tensor]:
        """Train to the end, and return the best weights of the network.

        What was there before the first step is judged too, so tuning a model never makes it worse on the validation
        pictures. Raises ``MedFusionError`` when a loss is no number any more.
        """
        history = History(self._folder) if self._world.leads else None
        try:
            self._train(progress, history)
        finally:
            if history is not None:
                history.close()
        return self._best

    def _train(self, progress: Progress, history: History | None) -> None:
        recipe, standing = self._recipe, self.standing
        started = time.perf_counter() - standing.seconds
        lost: list[dict[str, float]] = []
        told = 0.0
        if not standing.history:
            self._judge(lost, progress, history)
        for batch in batches(self._crops, standing.step, recipe.steps, recipe.workers):
            if self._weary():
                break
            torch.manual_seed(seed_of(recipe.seed, standing.step, self._world.rank, _CHANCE))
            lost.append(self._step.train_step(batch.to(self._world.device), standing.step))
            _check(lost[-1], standing.step)
            self._average.update()
            standing.step += 1
            standing.seconds = time.perf_counter() - started
            if standing.seconds - told > _TELL_EVERY:
                told = standing.seconds
                progress("train", standing.step / recipe.steps, self._words(lost[-1]))
            if standing.step % recipe.validate_every == 0 or standing.step == recipe.steps:
                self._judge(lost, progress, history)
                lost.clear()

    def _weary(self) -> bool:
        return 0 < self._recipe.patience <= self.standing.since

    def _words(self, lost: Mapping[str, float]) -> str:
        best = f", best {self.standing.best:.4f} at {self.standing.best_step}" if self.standing.history else ""
        return f"step {self.standing.step} of {self._recipe.steps}, loss {lost['loss']:.4f}{best}"

    def _judge(self, lost: Sequence[dict[str, float]], progress: Progress, history: History | None) -> None:
        """Judge the network, keep it when it is the best so far, and write where the training stands."""
        standing = self.standing
        with self._average.applied():
            found = validate(self._step, self._pictures, self._world,
                             partial(progress, "train", standing.step / self._recipe.steps))
            _check(found, standing.step)
            standing.since += 1
            if found["loss"] < standing.best:
                standing.best, standing.best_step, standing.since = found["loss"], standing.step, 0
                self._best = {name: tensor.detach().clone() for name, tensor in self._network.state_dict().items()}
        shared = [entry for share in gathered(list(lost)) for entry in share]
        standing.history.append(
            {"step": standing.step, "seconds": standing.seconds, "train": means(shared), "validation": found})
        if history is not None:
            checkpoint.save(self._folder / checkpoint.NAME, self._state())
            history.tell(standing.history)
        progress("train", standing.step / self._recipe.steps,
                 f"step {standing.step}, validation loss {found['loss']:.4f}, best {standing.best:.4f}")

    def _state(self) -> dict[str, Any]:
        return {
            "recipe": self._recipe.as_dict(),
            "standing": asdict(self.standing),
            "modules": {name: module.state_dict() for name, module in self._step.modules().items()},
            "step": self._step.state_dict(),
            "average": self._average.state_dict(),
            "best": self._best,
        }


def _check(lost: Mapping[str, float], step: int) -> None:
    """Raise ``MedFusionError`` when a loss is infinite or no number."""
    for name, value in lost.items():
        if not math.isfinite(value):
            raise MedFusionError(f"{name} is {value} in step {step}: choose a lower learning_rate, or clip gradients; "
                                 "the last checkpoint is kept")
