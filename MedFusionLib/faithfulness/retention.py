"""Retention: what fraction of a small known structure's contrast-to-noise ratio survives the fusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from MedFusionLib.colour import LUMA, luma
from MedFusionLib.cuts import in_unit_range, shown
from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.structures import Structure, place_structures
from MedFusionLib.layers import Layer
from MedFusionLib.volume import Array

#: Takes the layers of a run and gives the fused image: float grey in [0, 1], or 8-bit RGB.
Fuse = Callable[[Sequence[Layer]], Array]

#: Radii in voxels of mean edge, and contrasts in units of the source's range, when none are given.
RADII = (1.5, 3.0, 5.0)
CONTRASTS = (0.1, 0.25)
#: Least noise (one of 256 grey levels), so that a structure in a perfectly flat place has a finite ratio.
_LEAST_NOISE = 1.0 / 255.0
_VISIBLE = 0.05
_LUMA = np.array(LUMA)


@dataclass(frozen=True)
class Planted:
    """What became of one structure: ``retained`` is its ratio in the fused image over that in its source."""

    source: int
    shape: str
    radius: float
    contrast: float
    centre: tuple[int, ...]
    retained: float


@dataclass(frozen=True)
class Retention:
    """What became of every planted structure."""

    planted: tuple[Planted, ...]

    def of(self, source: int, radius: float | None = None) -> float:
        """The mean over the structures of ``source`` (of one ``radius`` in mm); NaN where there was no room for any."""
        kept = [one.retained for one in self.planted if one.source == source and radius in (None, one.radius)]
        return float(np.mean(kept)) if kept else float("nan")

    @property
    def radii(self) -> tuple[float, ...]:
        """The radii that were planted, mm, smallest first."""
        return tuple(sorted({one.radius for one in self.planted}))


@dataclass(frozen=True, eq=False)
class Plan:
    """Where structures go: for each source number the structures, and its layer with them in it."""

    layers: tuple[Layer, ...]
    planted: tuple[tuple[int, tuple[Structure, ...], Layer], ...]


def plan_structures(
    layers: Sequence[Layer],
    spacing: Sequence[float] | None = None,
    where: Array | None = None,
    sources: Sequence[int] | None = None,
    radii: Sequence[float] | None = None,
    contrasts: Sequence[float] = CONTRASTS,
    repeats: int = 1,
    seed: int = 0,
) -> Plan:
    """Plant spheres, rods and edges into one source at a time; the same plan serves all methods on these layers.

    ``sources`` are the numbers of the layers to plant into (default: all). ``spacing`` is in mm in the order of the
    array's axes (default 1), ``radii`` in mm (default 1.5, 3 and 5 voxels), ``contrasts`` in units of the window.
    Structures go where ``where`` is true and the source is seen; by default where any source is above 0.05. In a
    coloured source they change the brightness of its own colours.
    """
    steps = (1.0,) * layers[0].grey.ndim if spacing is None else tuple(spacing)
    if len(steps) != layers[0].grey.ndim:
        raise BadInput(f"spacing {list(steps)} for an image of {layers[0].grey.ndim} axes", "Give one for each axis")
    sizes = tuple(radii or (radius * float(np.prod(steps)) ** (1 / len(steps)) for radius in RADII))
    region = np.max([layer.grey for layer in layers], axis=0) > _VISIBLE if where is None else where
    planted = []
    for number in range(len(layers)) if sources is None else sources:
        room = region & layers[number].validity & _colourable(layers[number])
        structures = tuple(place_structures(room, sizes, contrasts, steps, seed + number, repeats))
        if structures:
            planted.append((number, structures, plant(layers[number], structures)))
    return Plan(tuple(layers), tuple(planted))


def retention(fuse: Fuse, plan: Plan, fused: Array | None = None) -> Retention:
    """Fuse what was planned, and measure what came through of every structure.

    ``fuse`` is called once with the plan's layers (not if their ``fused`` image is given), and once for each source
    with that one changed.

    The contrast of a structure is how much it changed the difference between its own voxels and those around it, along
    the direction in RGB in which it changed its source (of a grey one: in luma). Its noise is the standard deviation
    around it in the fused image without it, but not less than in the source: a fusion that damps noise and contrast
    alike is not called faithful, nor is one that stretches both. So copying a source retains 1 of it and 0 of the
    others, the average of two about one half; noise and clutter of another source lower it. Negative: shown inverted.
    Fooled by showing everything of every source at once, which invention and recoverability see.
    """
    plain = in_unit_range(fuse(plan.layers) if fused is None else fused)
    found: list[Planted] = []
    for number, structures, planted in plan.planted:
        changed = [planted if place == number else layer for place, layer in enumerate(plan.layers)]
        found += _compare(number, plan.layers[number], planted, structures, plain, in_unit_range(fuse(changed)))
    return Retention(tuple(found))


def plant(layer: Layer, structures: Sequence[Structure]) -> Layer:
    """``layer`` with ``structures`` added; one that would leave [0, 1] is planted with the other sign."""
    changed = np.array(shown(layer))
    for structure in structures:
        voxels = changed[structure.box][structure.inside]
        colour = voxels if voxels.ndim == 1 else voxels.max(axis=-1)
        mean = float(colour.mean())
        signed = structure.contrast if 0.0 <= mean + structure.contrast <= 1.0 else -structure.contrast
        if voxels.ndim == 1:
            voxels = voxels + signed
        else:
            voxels = voxels * ((colour + signed) / np.maximum(colour, _VISIBLE))[:, np.newaxis]
        changed[structure.box][structure.inside] = np.clip(voxels, 0.0, 1.0)
    if layer.colour is None:
        return replace(layer, grey=changed)
    return replace(layer, grey=luma(changed), colour=changed)


def _colourable(layer: Layer) -> Array:
    """Where a structure can be seen in the layer's own colours; everywhere in a grey one."""
    if layer.colour is None:
        return np.ones(layer.grey.shape, bool)
    return np.asarray(layer.colour.max(axis=-1) > _VISIBLE)


def _compare(
    number: int, source: Layer, planted: Layer, structures: Sequence[Structure], plain: Array, fused: Array
) -> list[Planted]:
    images = shown(source), shown(planted), plain, fused
    before, after, plain, fused = (_three(image, source.grey.ndim) for image in images)
    found = []
    for one in structures:
        given = _difference(after[one.box] - before[one.box], one)
        weights = _LUMA if source.colour is None else given / max(float(np.linalg.norm(given)), _LEAST_NOISE)
        if np.linalg.norm(given) < _LEAST_NOISE:
            continue
        clean, plainly = before[one.box] @ weights, plain[one.box] @ weights
        noise = max(float(clean[one.around].std()), _LEAST_NOISE)
        seen = max(float(plainly[one.around].std()), noise)
        kept = float(_difference(fused[one.box] - plain[one.box], one) @ weights) / float(given @ weights)
        found.append(Planted(number, one.shape, one.radius, one.contrast, one.centre, kept * noise / seen))
    return found


def _difference(change: Array, structure: Structure) -> Array:
    """By how much the structure changed the difference between its own voxels and those around it: (3,)."""
    return np.asarray(change[structure.inside].mean(axis=0) - change[structure.around].mean(axis=0))


def _three(image: Array, dimension: int) -> Array:
    """A grey image of ``dimension`` axes as RGB of three equal channels, RGB as it is; float64."""
    rgb = image if image.ndim > dimension else image[..., np.newaxis].repeat(3, axis=-1)
    return np.asarray(rgb, np.float64)
