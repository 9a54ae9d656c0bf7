"""Choices to a recipe, a recipe to choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from MedFusionLib import naming
from MedFusionLib.recipe import Recipe
from MedFusionLib.registration.settings import RegistrationSettings
from MedFusionLib.ui.choices import Choices, VolumeChoice
from MedFusionLib.ui.presets import Preset, presets
from MedFusionLib.ui.windows import parse_window, window_text


def recipe_of(choices: Choices) -> Recipe:
    """The recipe that ``choices`` describe; raises ``BadInput`` for a value that no recipe can have.

    Windows and colour maps are by the volumes' names, made unique as the run makes them.
    """
    names = naming.unique(volume.name for volume in choices.volumes)
    named = list(zip(names, choices.volumes, strict=True))
    windows = {name: parse_window(volume.window, name) for name, volume in named}
    data = {
        "method": choices.method,
        "parameters": dict(choices.parameters),
        "registration": {
            "method": choices.registration,
            "transform": choices.transform,
            **_preset(choices.preset).settings,
        },
        "plane": choices.plane or None,
        "windows": {name: window for name, window in windows.items() if window is not None},
        "colour_maps": {name: volume.colours for name, volume in named if volume.colours},
        "device": choices.device,
        "on_rejection": "continue" if choices.continue_on_rejection else "stop",
    }
    return Recipe.from_dict(data)


def _preset(name: str) -> Preset:
    """The preset ``name``; the standard one for a name that a scene of another version holds."""
    known = presets()
    return known.get(name, known["standard"])


def choices_from(recipe: Recipe, choices: Choices) -> Choices:
    """``choices`` with everything that ``recipe`` says; volumes stay, their windows and colours follow the recipe."""
    settings = recipe.settings
    names = naming.unique(volume.name for volume in choices.volumes)
    volumes = [_with_looks(volume, name, recipe) for name, volume in zip(names, choices.volumes, strict=True)]
    start = 1 if choices.fixed else 0
    return replace(
        choices,
        fixed=volumes[0] if choices.fixed else None,
        moving=tuple(volumes[start:]),
        registration=settings.method,
        transform=settings.transform,
        preset=_preset_of(settings),
        continue_on_rejection=recipe.on_rejection == "continue",
        method=recipe.method,
        parameters=dict(recipe.parameters),
        plane=recipe.plane or "",
        device=recipe.device,
    )


def not_shown(recipe: Recipe) -> list[str]:
    """The fields of ``recipe`` that differ from what the panel would make of it, so that none is lost unseen."""
    settings = recipe.settings
    kept = {**asdict(RegistrationSettings()), "method": settings.method, "transform": settings.transform,
            **presets()[_preset_of(settings)].settings}
    lost = [f"registration {name}" for name, value in asdict(settings).items() if value != kept[name]]
    default = Recipe()
    return lost + [name for name in ("combinations", "metrics") if getattr(recipe, name) != getattr(default, name)]


def differences(recipe: Recipe) -> dict[str, Any]:
    """What ``recipe`` sets that is not the default, as plain data that ``Recipe.from_dict`` takes."""
    given, default = recipe.as_dict(), Recipe().as_dict()
    changed = {name: value for name, value in given.items() if value != default[name]}
    if "registration" in changed:
        usual: Mapping[str, Any] = default["registration"]
        changed["registration"] = {name: value for name, value in changed["registration"].items()
                                   if value != usual[name]}
    return changed


def _with_looks(volume: VolumeChoice, name: str, recipe: Recipe) -> VolumeChoice:
    window = recipe.windows.get(name, recipe.windows.get(volume.modality))
    colours = recipe.colour_maps.get(name, recipe.colour_maps.get(volume.modality, ""))
    return replace(volume, window=window_text(window), colours=colours)


def _preset_of(settings: RegistrationSettings) -> str:
    """The preset whose settings these are; "standard" where none fits."""
    default = RegistrationSettings()
    names = [field.name for field in fields(settings) if field.name not in ("method", "transform")]
    changed = {name: getattr(settings, name) for name in names if getattr(settings, name) != getattr(default, name)}
    return next((name for name, preset in presets().items() if dict(preset.settings) == changed), "standard")
