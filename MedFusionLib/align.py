"""Bringing every volume of a run onto the fixed volume's grid, each judged before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from MedFusionLib.errors import BadInput, RegistrationRejected
from MedFusionLib.progress import Progress, silent, within
from MedFusionLib.recipe import Recipe
from MedFusionLib.registration.settings import Registration
from MedFusionLib.volume import Array, Volume


@dataclass(frozen=True)
class Aligned:
    """The volumes of a run on the fixed grid, in their own units, with their fields of view (boolean arrays)."""

    sources: tuple[Volume, ...]
    validity: tuple[Array, ...]
    registrations: tuple[Registration | None, ...]
    notes: tuple[str, ...] = ()

    @property
    def fixed(self) -> Volume:
        """The volume whose grid all share."""
        return self.sources[0]


def align(volumes: Sequence[Volume], recipe: Recipe, progress: Progress = silent) -> Aligned:
    """Register each volume to the first and resample it there, once, from the original.

    Pictures (2-D) are taken as registered. Raises ``RegistrationRejected`` when a verdict is reject and the recipe
    says stop.
    """
    if volumes[0].dimension == 2:
        return _pictures(volumes, recipe)
    from MedFusionLib.registration import register
    from MedFusionLib.resample import resample

    fixed, moved, notes = volumes[0], volumes[1:], []
    sources, validity = [fixed], [np.ones(fixed.array.shape[:3], bool)]
    registrations: list[Registration | None] = [None]
    for number, moving in enumerate(moved):
        part = within(progress, "register", number / len(moved), (number + 1) / len(moved))
        part(moving.name, 0.0, f"{moving.name} to {fixed.name}")
        registration = register(fixed, moving, recipe.settings, progress=part)
        notes += _judge(moving, registration, recipe)
        source, inside = resample(moving, fixed, registration.transform)
        if not inside.any():
            raise RegistrationRejected(f"{moving.name} lies wholly outside {fixed.name} after registration")
        sources.append(source)
        validity.append(inside)
        registrations.append(registration)
    return Aligned(tuple(sources), tuple(validity), tuple(registrations), tuple(notes))


def _judge(moving: Volume, registration: Registration, recipe: Recipe) -> list[str]:
    """Stop on a rejected registration, unless the recipe says to continue; then a note says so."""
    verdict = registration.verdict
    if verdict.decision != "reject":
        return []
    why = "; ".join(verdict.reasons)
    if recipe.on_rejection == "stop":
        raise RegistrationRejected(
            f"registration of {moving.name} was rejected: {why}. Give landmarks or an initial transform, try another "
            "method, or set on_rejection to continue"
        )
    return [f"registration of {moving.name} was REJECTED ({why}) and used all the same, as the recipe says"]


def _pictures(volumes: Sequence[Volume], recipe: Recipe) -> Aligned:
    """Pictures are fused as they are; raises ``BadInput`` when an engine is asked for or sizes differ."""
    if recipe.settings.method not in ("auto", "none"):
        raise BadInput(
            f"registration '{recipe.settings.method}' of 2-D pictures is not possible",
            "Pictures are taken as registered: use --registration none",
        )
    size = volumes[0].image.GetSize()
    for volume in volumes[1:]:
        if volume.image.GetSize() != size:
            raise BadInput(
                f"{volume.name} has {volume.image.GetSize()} pixels, {volumes[0].name} has {size}",
                "Give registered pictures of one size",
            )
    validity = tuple(np.ones(volume.array.shape[:2], bool) for volume in volumes)
    return Aligned(tuple(volumes), validity, (None,) * len(volumes), ("pictures are taken as registered",))
