"""Layers: aligned volumes as grey or colour in [0, 1], and their fusion with colour kept true.

A functional source is seen through a colour map. Its luma is fused with the anatomical sources by the method,
and its chroma is put back afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from MedFusionLib.align import Aligned
from MedFusionLib.colour import FloatArray, luma, mix_colours, to_colour
from MedFusionLib.fusion.inference import fuse_planes
from MedFusionLib.fusion.method import Method
from MedFusionLib.fusion.roles import tell_roles
from MedFusionLib.intensity import Window, choose_window
from MedFusionLib.progress import Progress, silent
from MedFusionLib.recipe import Recipe, WindowRecipe
from MedFusionLib.recolouring import recolour
from MedFusionLib.volume import Array, Volume


@dataclass(frozen=True)
class Layer:
    """A source ready to be fused: ``grey`` in [0, 1] (the luma, where ``colour`` is not None), its field of view,
    and for a functional source its RGB in [0, 1].
    """

    name: str
    grey: FloatArray
    validity: Array
    window: Window
    colour_map: str
    colour: FloatArray | None = None


def window_choice(volume: Volume, recipe: Recipe) -> WindowRecipe | None:
    """What the recipe says of a volume's window: by its name first, then by its modality."""
    return recipe.windows.get(volume.name, recipe.windows.get(volume.modality))


def colour_map_of(volume: Volume, recipe: Recipe) -> str:
    """The colour map of a volume: the recipe's by name or modality, else the modality's; "own" for a colour picture."""
    if volume.is_colour:
        return "own"
    default = volume.about.colour_map
    return recipe.colour_maps.get(volume.name, recipe.colour_maps.get(volume.modality, default))


def prepare_layers(originals: Sequence[Volume], aligned: Aligned, recipe: Recipe) -> tuple[Layer, ...]:
    """The layers of a run; windows come from the originals, so that a field of view does not change them."""
    return tuple(
        prepare_layer(
            source, mask, choose_window(original, window_choice(original, recipe)), colour_map_of(original, recipe)
        )
        for original, source, mask in zip(originals, aligned.sources, aligned.validity, strict=True)
    )


def prepare_layer(source: Volume, validity: Array, window: Window, colour_map: str) -> Layer:
    """``source`` through its window and colour map; black outside its field of view."""
    normalised = window.apply(source.array)
    normalised[~validity] = 0.0
    if source.is_colour:
        colour = normalised
    elif colour_map == "grey":
        return Layer(source.name, normalised, validity, window, colour_map)
    else:
        colour = to_colour(normalised, colour_map)
    return Layer(source.name, luma(colour), validity, window, colour_map, colour)


def combine(method: Method, layers: Sequence[Layer], plane: str | None = None, progress: Progress = silent) -> Array:
    """Fuse ``layers``: float32 grey in [0, 1], or 8-bit RGB where any layer has colour."""
    return put_colour_back(fuse_tone(method, layers, plane, progress), layers)


class Tone(NamedTuple):
    """What a method answers: the fused grey (the luma, where a layer has colour) in [0, 1], to which colour is added.

    ``strength`` is how strong that is to be, as of :func:`MedFusionLib.recolouring.recolour`; None: as it is.
    """

    luma: FloatArray
    strength: FloatArray | None = None


def fuse_tone(
    method: Method, layers: Sequence[Layer], plane: str | None = None, progress: Progress = silent
) -> Tone:
    """Fuse ``layers``, before colour is put back."""
    sources = np.stack([layer.grey for layer in layers])
    validity = np.stack([layer.validity for layer in layers])
    whole = bool(validity.all())
    told = tell_roles(method, [layer.colour is not None for layer in layers])
    return Tone(*fuse_planes(
        told, sources, None if whole else validity, plane, progress=progress, beside=_colours(method, layers)
    ))


def _colours(method: Method, layers: Sequence[Layer]) -> FloatArray | None:
    """Red, green and blue of each coloured layer, one plane after the other, for a method that uses roles."""
    coloured = [np.moveaxis(layer.colour, -1, 0) for layer in layers if layer.colour is not None]
    return np.concatenate(coloured) if coloured and method.card.uses_roles else None


def put_colour_back(tone: Tone, layers: Sequence[Layer]) -> Array:
    """``tone`` with the chroma of the coloured layers as 8-bit RGB; its luma where none has colour."""
    coloured = [layer.colour for layer in layers if layer.colour is not None]
    if not coloured:
        return tone.luma
    return np.round(recolour(tone.luma, mix_colours(coloured), tone.strength) * 255.0).astype(np.uint8)
