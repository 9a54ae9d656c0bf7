"""Class-balanced sampling: every modality pair, series or whatever the classes are is drawn equally often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import torch

from MedFusionLib.errors import BadInput


def balanced_weights(classes: Sequence[Hashable]) -> list[float]:
    """For items of these ``classes`` the probability of each, so that every class is equally probable; sum 1.

    Raises ``BadInput`` when there are none.
    """
    if not classes:
        raise BadInput("no items to draw from", "Give one or more")
    counts = Counter(classes)
    return [1.0 / (len(counts) * counts[one]) for one in classes]


def balanced_draw(classes: Sequence[Hashable], count: int, generator: torch.Generator) -> list[int]:
    """``count`` indices into ``classes``, drawn with replacement, every class equally probable."""
    weights = torch.tensor(balanced_weights(classes), device=generator.device)
    drawn: list[int] = torch.multinomial(weights, count, replacement=True, generator=generator).tolist()
    return drawn
