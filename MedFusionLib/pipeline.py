"""The main job, one straight line: prepare, register, fuse, measure, record; with one method, or with several."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedFusionLib.align import Aligned, align
from MedFusionLib.colour import colour_table
from MedFusionLib.door import check, check_sources
from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import automatic, catalog
from MedFusionLib.fusion.device import place, provenance
from MedFusionLib.fusion.inference import choose_plane
from MedFusionLib.fusion.method import Method
from MedFusionLib.intensity import Window, choose_window
from MedFusionLib.layers import Layer, colour_map_of, combine, prepare_layers, window_choice
from MedFusionLib.measure import measure
from MedFusionLib.metrics import metric
from MedFusionLib.progress import Progress, silent, within
from MedFusionLib.recipe import Recipe
from MedFusionLib.record import Record, describe_recipe, describe_registration, describe_volume, hash_voxels
from MedFusionLib.registration.settings import Registration
from MedFusionLib.volume import Array, Volume


@dataclass(frozen=True)
class Fusion:
    """One fused volume: scalar in [0, 1], or 8-bit RGB where a source has colour.

    ``name`` tells what was fused and ``method`` how; ``sources`` are the positions of the volumes it was made of,
    ``metrics`` the figures by name.
    """

    name: str
    volume: Volume
    sources: tuple[int, ...]
    metrics: dict[str, float]
    method: str


@dataclass(frozen=True)
class Result:
    """What a run gives back. All volumes but ``originals`` are on the fixed volume's grid.

    ``sources`` are the aligned volumes in their own units, ``validity`` their fields of view (boolean arrays),
    ``registrations`` how each came there (None for the fixed volume and for what was taken as registered).
    """

    originals: tuple[Volume, ...]
    sources: tuple[Volume, ...]
    validity: tuple[Array, ...]
    registrations: tuple[Registration | None, ...]
    windows: tuple[Window, ...]
    colour_maps: tuple[str, ...]
    fusions: tuple[Fusion, ...]
    recipe: Recipe
    record: Record

    @property
    def fused(self) -> Volume:
        """The fused volume; of several, the last."""
        return self.fusions[-1].volume

    @property
    def metrics(self) -> dict[str, float]:
        """The figures of ``fused``."""
        return self.fusions[-1].metrics

    @property
    def transforms(self) -> tuple[sitk.Transform | None, ...]:
        """The transforms, fixed to moving (LPS, mm), one for each source; None where none was sought."""
        return tuple(entry.transform if entry else None for entry in self.registrations)

    @property
    def maps(self) -> dict[str, Array]:
        """Maps that explain the fused volume: so far each source's field of view, by its name."""
        return {f"validity of {source.name}": mask for source, mask in zip(self.sources, self.validity, strict=True)}


def run(volumes: Sequence[Volume], recipe: Recipe | None = None, progress: Progress = silent) -> Result:
    """Align ``volumes`` to the first of them, fuse, measure and record, as ``recipe`` says.

    Raises ``BadInput`` before any heavy work for what cannot succeed, ``RegistrationRejected`` when a registration
    is judged wrong and the recipe does not say to continue, and lets ``Cancelled`` of ``progress`` pass.
    """
    recipe = settled(recipe or Recipe())
    return _run(volumes, (recipe.method,), recipe, progress)


def compare(
    volumes: Sequence[Volume], methods: Sequence[str], recipe: Recipe | None = None, progress: Progress = silent
) -> Result:
    """Align ``volumes`` once, and fuse and measure them with each of ``methods``.

    The parameters of ``recipe`` are for the method that it names; the others take their defaults. Raises as ``run``.
    """
    names = tuple(dict.fromkeys(methods))
    if not names:
        raise BadInput("no method to compare", "Name one or more (see: medfusion methods)")
    return _run(volumes, names, settled(recipe or Recipe()), progress)


def settled(recipe: Recipe) -> Recipe:
    """``recipe`` with the method named that "auto" is here, so that what ran can be told and repeated."""
    return replace(recipe, method=automatic.resolve(recipe.method, recipe.plane))


def fitting_methods(count: int, dimension: int = 3, plane: str | None = None) -> tuple[str, ...]:
    """The names of methods that can run here and fuse ``count`` sources of ``dimension`` in a recipe's ``plane``."""
    spatial = 2 if dimension == 2 else {None: None, "volume": 3}.get(plane, 2)
    return tuple(
        card.name
        for card in catalog.cards()
        if card.sources[0] <= count <= (card.sources[1] or count)
        and (spatial is None or spatial in card.dimensions)
        and catalog.can_run(card)
    )


def methods_named(text: str, count: int, dimension: int = 3, plane: str | None = None) -> tuple[str, ...]:
    """The methods that ``text`` names, with commas between; "all" are the ``fitting_methods``."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    return fitting_methods(count, dimension, plane) if names == ("all",) else names


def _run(volumes: Sequence[Volume], names: Sequence[str], recipe: Recipe, progress: Progress) -> Result:
    """The run of ``recipe`` with each of the methods ``names`` in place of its own."""
    started = time.perf_counter()
    for volume in volumes:
        check(volume)
    methods = [load_method(name, recipe) for name in names]
    for method in methods:
        volumes = check_run(volumes, recipe, method)
    if recipe.method not in names:
        recipe = replace(recipe, method=names[0], parameters={})
    aligned = align(volumes, recipe, within(progress, "register", 0.0, 1.0))
    registered = time.perf_counter()
    layers = prepare_layers(volumes, aligned, recipe)
    fusions = _fuse_all(layers, aligned, recipe, methods, progress)
    ended = time.perf_counter()
    seconds = {"register": registered - started, "fuse and measure": ended - registered}
    return Result(
        originals=tuple(volumes),
        sources=aligned.sources,
        validity=aligned.validity,
        registrations=aligned.registrations,
        windows=tuple(layer.window for layer in layers),
        colour_maps=tuple(layer.colour_map for layer in layers),
        fusions=fusions,
        recipe=recipe,
        record=_record(volumes, aligned, layers, fusions, recipe, seconds, methods),
    )


def load_method(name: str, recipe: Recipe) -> Method:
    """The method ``name`` on the recipe's device, with the recipe's parameters if they are meant for it."""
    return place(catalog.load(name, **_parameters(name, recipe)), recipe.device)


def _parameters(name: str, recipe: Recipe) -> dict[str, Any]:
    return dict(recipe.parameters) if name == recipe.method else {}


def combinations(recipe: Recipe, count: int) -> tuple[tuple[int, ...], ...]:
    """Which of ``count`` volumes to fuse: those of the recipe, or all; raises ``BadInput`` for a wrong position."""
    wanted = recipe.combinations or (tuple(range(count)),)
    for combination in wanted:
        different = len(combination) >= 2 and len(set(combination)) == len(combination)
        if not different or not set(combination) <= set(range(count)):
            raise BadInput(
                f"combination {list(combination)} of {count} volumes",
                f"Name at least two different positions from 0 to {count - 1}",
            )
    return wanted


def check_run(volumes: Sequence[Volume], recipe: Recipe, method: Method) -> tuple[Volume, ...]:
    """All that can be found wrong before heavy work; returns the volumes under names that differ."""
    volumes = tuple(check_sources(volumes))
    shape = volumes[0].array.shape[: volumes[0].dimension]
    least, most = method.card.sources
    for combination in combinations(recipe, len(volumes)):
        if not least <= len(combination) <= (most or len(combination)):
            raise BadInput(
                f"method {method.card.name} fuses {method.card.counts} sources, not {len(combination)}",
                "Choose another method or combination",
            )
        choose_plane(method, (len(combination), *shape), recipe.plane)
    for volume in volumes:
        choose_window(volume, window_choice(volume, recipe))
        if not volume.is_colour:
            colour_table(colour_map_of(volume, recipe))
    for name in recipe.metrics:
        metric(name)
    return volumes


def _fuse_all(
    layers: Sequence[Layer], aligned: Aligned, recipe: Recipe, methods: Sequence[Method], progress: Progress
) -> tuple[Fusion, ...]:
    wanted = list(product(methods, combinations(recipe, len(layers))))
    fusions = []
    for number, (method, combination) in enumerate(wanted):
        part = within(progress, "fuse", number / len(wanted), (number + 1) / len(wanted))
        chosen = [layers[position] for position in combination]
        name = " + ".join(layer.name for layer in chosen)
        told = f"{name} ({method.card.name})" if len(methods) > 1 else name
        part(told, 0.0, told)
        voxels = combine(method, chosen, recipe.plane, within(part, told, 0.0, 0.7))
        progress("measure", number / len(wanted), told)
        figures = measure(voxels, chosen, recipe.metrics, aligned.fixed.image.GetSpacing()[::-1])
        volume = aligned.fixed.like(
            voxels if voxels.dtype == np.uint8 else np.asarray(voxels, np.float32),
            modality="unknown",
            name=f"fused {told}",
            unit="",
            path=None,
        )
        fusions.append(Fusion(name, volume, combination, figures, method.card.name))
    return tuple(fusions)


def _record(
    volumes: Sequence[Volume],
    aligned: Aligned,
    layers: Sequence[Layer],
    fusions: Sequence[Fusion],
    recipe: Recipe,
    seconds: dict[str, float],
    methods: Sequence[Method],
) -> Record:
    settled = {
        fusion.method: catalog.card(fusion.method).settle(_parameters(fusion.method, recipe)) for fusion in fusions
    }
    made_by = {method.card.name: provenance(method) for method in methods}
    return Record(
        inputs=tuple(describe_volume(volume) for volume in volumes),
        recipe=describe_recipe(recipe, settled[recipe.method]),
        registrations=tuple(
            describe_registration(moving, registration)
            for moving, registration in zip(volumes[1:], aligned.registrations[1:], strict=True)
        ),
        windows=tuple(
            {
                "source": layer.name,
                "window": layer.window.name,
                "lower": layer.window.lower,
                "upper": layer.window.upper,
                "colour_map": layer.colour_map,
            }
            for layer in layers
        ),
        fusions=tuple(
            {
                "name": fusion.name,
                "volume": fusion.volume.name,
                "method": fusion.method,
                "parameters": settled[fusion.method],
                **made_by[fusion.method],
                "sources": list(fusion.sources),
                "colour": fusion.volume.is_colour,
                "metrics": fusion.metrics,
                "voxels_sha256": hash_voxels(fusion.volume),
            }
            for fusion in fusions
        ),
        seconds={stage: round(value, 3) for stage, value in seconds.items()},
        notes=aligned.notes,
    )
