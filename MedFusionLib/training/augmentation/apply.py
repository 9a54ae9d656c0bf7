"""Applying a preset to a batch: each step goes to what its scope names, item by item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches

import torch
from torch import Tensor

from MedFusionLib.errors import BadInput
from MedFusionLib.training.augmentation.colour import follow
from MedFusionLib.training.augmentation.presets import PRESETS
from MedFusionLib.training.augmentation.stack import stacked, unstacked
from MedFusionLib.training.augmentation.step import Preset, Scope, Step
from MedFusionLib.training.augmentation.transforms import Transform, load
from MedFusionLib.training.batch import Batch


def augment(batch: Batch, preset: str, generator: torch.Generator) -> Batch:
    """``batch`` after the preset of that name; shapes, roles and device stay, and values stay in [0, 1].

    All chance comes from ``generator``, so the same state of it gives the same result. It computes on the CPU, where
    the transforms are; ``batch`` itself is not changed. Raises ``BadInput`` for an unknown preset, for a number of
    dimensions that the preset does not take, and for a preset that lacks the weights it needs, and
    ``MissingDependency`` when MONAI or TorchIO is not installed.
    """
    chosen = find(preset)
    spatial = tuple(batch.sources.shape[2:])
    if len(spatial) not in chosen.dimensions:
        raise BadInput(f"augmentation {preset} does not take {len(spatial)} dimensions", "Choose another preset")
    device = batch.sources.device
    changed = _placed(batch, torch.device("cpu"))
    for step, items in zip(chosen.steps, _choice(chosen, len(batch.sources), generator), strict=True):
        change = load(step, spatial, chosen.magnitude, generator)
        changed = _SCOPES[step.scope](changed, step, change, items, generator)
    return _placed(changed, device)


def find(preset: str) -> Preset:
    """The preset of that name; raises ``BadInput`` when there is none."""
    if preset not in PRESETS:
        close = get_close_matches(preset, PRESETS, n=1)
        raise BadInput(f"unknown augmentation '{preset}'",
                       f"Did you mean {close[0]}?" if close else f"Known are {', '.join(PRESETS)}")
    return PRESETS[preset]


def _choice(preset: Preset, count: int, generator: torch.Generator) -> Tensor:
    """Which steps each item may pass, (step, item): all, or as many drawn ones as the preset chooses."""
    shape = (len(preset.steps), count)
    if preset.choose is None:
        return torch.ones(shape, dtype=torch.bool)
    ranks = _random(shape, generator).argsort(0).argsort(0)
    return ranks < preset.choose


def _random(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device).cpu()


def _together(batch: Batch, step: Step, change: Transform, items: Tensor, generator: torch.Generator) -> Batch:
    """All pictures of an item in one stack, so that they move alike."""
    stack = stacked(batch)
    for item in _drawn(step, items, generator):
        stack[item] = _changed(step, change, stack[item])
    return unstacked(batch, stack)


def _apart(batch: Batch, step: Step, change: Transform, items: Tensor, generator: torch.Generator) -> Batch:
    """Each source by itself; colour follows the functional ones."""
    sources = batch.sources.clone()
    acts = items[:, None] & (_random(tuple(sources.shape[:2]), generator) < step.chance)
    for item, place in acts.nonzero().tolist():
        # Of a picture of one value there is nothing to change, and no range to divide by.
        if sources[item, place].max() > sources[item, place].min():
            sources[item, place] = _changed(step, change, sources[item, place][None])[0]
    return _coloured(batch, replace(batch, sources=sources))


def _colour(batch: Batch, step: Step, change: Transform, items: Tensor, generator: torch.Generator) -> Batch:
    """The colour, where there is one."""
    if batch.colour is None:
        return batch
    colour = batch.colour.clone()
    for item in _drawn(step, items, generator):
        colour[item] = _changed(step, change, colour[item])
    return replace(batch, colour=colour)


def _input(batch: Batch, step: Step, change: Transform, items: Tensor, generator: torch.Generator) -> Batch:
    """Every source but the reference, the first that is anatomical, as the network sees it; the loss sees the clean."""
    sources = batch.sources.clone()
    reference = batch.functional.index(False) if False in batch.functional else 0
    for item in _drawn(step, items, generator):
        for place in range(sources.shape[1]):
            if place != reference:
                sources[item, place] = _changed(step, change, sources[item, place][None])[0]
    return replace(batch, sources=sources, clean=batch.sources if batch.clean is None else batch.clean)


def _batch(batch: Batch, step: Step, change: Transform, items: Tensor, generator: torch.Generator) -> Batch:
    """The whole batch; colour follows the functional sources unless the step changed it itself."""
    acts = items & (_random((len(items),), generator) < step.chance)
    changed = change(batch, acts)
    bounded = replace(changed, sources=changed.sources.clamp(0.0, 1.0))
    return _coloured(batch, bounded) if bounded.colour is batch.colour else bounded


_SCOPES: dict[Scope, Callable[[Batch, Step, Transform, Tensor, torch.Generator], Batch]] = {
    "together": _together,
    "apart": _apart,
    "colour": _colour,
    "input": _input,
    "batch": _batch,
}


def _drawn(step: Step, items: Tensor, generator: torch.Generator) -> list[int]:
    """The items on which ``step`` acts, by its chance."""
    acts: list[int] = (items & (_random((len(items),), generator) < step.chance)).nonzero().flatten().tolist()
    return acts


def _changed(step: Step, change: Transform, pictures: Tensor) -> Tensor:
    changed: Tensor = change(pictures).clamp(0.0, 1.0)
    return torch.where(pictures > 0, changed, 0.0) if step.keep_black else changed


def _coloured(before: Batch, after: Batch) -> Batch:
    """``after`` with its colour following the functional sources of those items in which they changed."""
    functional = [place for place, is_functional in enumerate(after.functional) if is_functional]
    if after.colour is None or not functional:
        return after
    old, new = before.sources[:, functional], after.sources[:, functional]
    colour = after.colour.clone()
    for item in (old != new).flatten(1).any(1).nonzero().flatten().tolist():
        colour[item] = follow(colour[item], old[item], new[item])
    return replace(after, colour=colour)


def _placed(batch: Batch, device: torch.device) -> Batch:
    return replace(batch, sources=batch.sources.to(device),
                   colour=None if batch.colour is None else batch.colour.to(device),
                   clean=None if batch.clean is None else batch.clean.to(device))
