"""Structures planted into the sources of a batch, and where they lie, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from MedFusionLib.colour import LUMA
from MedFusionLib.cuts import shown
from MedFusionLib.faithfulness.retention import plan_structures
from MedFusionLib.faithfulness.structures import Structure
from MedFusionLib.intensity import Window
from MedFusionLib.layers import Layer
from MedFusionLib.training.batch import Batch
from MedFusionLib.volume import Array

# Where the functional colour is at least this bright anatomy is easily lost.
_HOT = 0.5
_LEAST = 1.0 / 255.0
_LUMA = np.array(LUMA, np.float32)


@dataclass(frozen=True, eq=False)
class Region:
    """Voxels of all structures: their places in a flattened (batch, *spatial), and the structure that each is of."""

    places: Tensor
    owners: Tensor


@dataclass(frozen=True, eq=False)
class Plan:
    """What was planted, one entry a structure.

    ``inside`` and ``around`` are the structures' own voxels and those against which they are seen. ``weights``
    (structure, channel) is the direction of colour in which a structure changed its source (luma for a grey one),
    ``given`` by how much along it, and ``noise`` the standard deviation around it there.
    """

    inside: Region
    around: Region
    weights: Tensor
    given: Tensor
    noise: Tensor

    def __len__(self) -> int:
        return len(self.given)


@dataclass(frozen=True, eq=False)
class _One:
    """A structure in place: its item and itself, and the last three fields of :class:`Plan`."""

    item: int
    structure: Structure
    weights: Array
    given: float
    noise: float


def planted(batch: Batch, generator: torch.Generator | None = None) -> tuple[Batch, Plan]:
    """``batch`` with small structures planted into one source of each item, and the plan of them.

    Those of ``faithfulness.retention``: spheres, rods and edges of its radii (voxels) and contrasts, at random places
    where anything is shown. The source is drawn with ``generator`` (torch's own without one); with a functional one,
    half of the items get theirs into an anatomical source where the function is hot, if it is anywhere. Functional
    sources that share one mixed colour are not planted into.
    """
    before = batch.sources.detach().cpu().numpy()
    rgb = None if batch.colour is None else np.moveaxis(batch.colour.detach().cpu().numpy(), 1, -1)
    sources, colour = before.copy(), None if rgb is None else rgb.copy()
    found: list[_One] = []
    for item in range(len(sources)):
        draw = torch.rand(3, generator=generator).tolist()
        layers = _layers(before[item], batch.functional, None if rgb is None else rgb[item])
        place, where = _choice(layers, batch.functional, draw)
        if place is None:
            continue
        plan = plan_structures(layers, where=where, sources=[place], seed=int(draw[2] * 2**24))
        for _, structures, layer in plan.planted:
            found += _described(item, layers[place], layer, structures, colour is not None)
            sources[item, place] = layer.grey
            if colour is not None and layer.colour is not None:
                colour[item] = layer.colour
    device = batch.sources.device
    changed = None if colour is None else torch.from_numpy(np.moveaxis(colour, -1, 1).copy()).to(device)
    made = replace(batch, sources=torch.from_numpy(sources).to(device), colour=changed, clean=None)
    return made, _plan(found, sources.shape, device)


def _layers(sources: Array, functional: Sequence[bool], colour: Array | None) -> list[Layer]:
    """The sources of one item as layers; the mixed colour belongs to the functional one, if it is the only one."""
    seen, whole = np.ones(sources.shape[1:], bool), Window(0.0, 1.0)
    return [
        Layer("source", grey, seen, whole, "own", colour if role and sum(functional) == 1 else None)
        for grey, role in zip(sources, functional, strict=True)
    ]


def _choice(layers: Sequence[Layer], functional: Sequence[bool], draw: list[float]) -> tuple[int | None, Array | None]:
    """The source to plant into, and where (None: where anything is shown)."""
    anatomical = [place for place, role in enumerate(functional) if not role]
    colours = [layer.colour for layer in layers if layer.colour is not None]
    hot = colours[0].max(axis=-1) >= _HOT if colours else None
    if hot is not None and anatomical and hot.any() and draw[0] < 0.5:
        return anatomical[int(draw[1] * len(anatomical))], hot
    able = [place for place, role in enumerate(functional) if not role or layers[place].colour is not None]
    return (able[int(draw[1] * len(able))], None) if able else (None, None)


def _described(
    item: int, source: Layer, layer: Layer, structures: Sequence[Structure], coloured: bool
) -> list[_One]:
    """What each structure changed; those that changed nothing, because the source was black or white, are left out."""
    before, after = shown(source), shown(layer)
    found = []
    for one in structures:
        clean, change = before[one.box], after[one.box] - before[one.box]
        given = np.atleast_1d(change[one.inside].mean(axis=0) - change[one.around].mean(axis=0))
        length = float(np.linalg.norm(given))
        if length < _LEAST:
            continue
        if source.colour is None:
            weights, grey, along = (_LUMA if coloured else np.ones(1)), clean, float(given[0])
        else:
            weights = given / length
            grey, along = clean @ weights, length
        noise = max(float(grey[one.around].std()), _LEAST)
        found.append(_One(item, one, np.asarray(weights, np.float32), along, noise))
    return found


def _plan(found: Sequence[_One], shape: tuple[int, ...], device: torch.device) -> Plan:
    def tensor(values: Sequence[object]) -> Tensor:
        return torch.tensor(np.array(values, np.float32), device=device)

    inside = [_places(one, one.structure.inside, shape) for one in found]
    around = [_places(one, one.structure.around, shape) for one in found]
    return Plan(_region(inside, device), _region(around, device), tensor([one.weights for one in found]),
                tensor([one.given for one in found]), tensor([one.noise for one in found]))


def _places(one: _One, mask: Array, shape: tuple[int, ...]) -> Array:
    """Where ``mask``, on the structure's box, is true in a flattened (batch, *spatial)."""
    inner = [index + part.start for index, part in zip(np.nonzero(mask), one.structure.box, strict=True)]
    return np.asarray(np.ravel_multi_index((np.full_like(inner[0], one.item), *inner), (shape[0], *shape[2:])))


def _region(places: Sequence[Array], device: torch.device) -> Region:
    owners = np.repeat(np.arange(len(places)), [len(part) for part in places])
    flat = np.concatenate(places) if places else np.empty(0, np.int64)
    return Region(torch.from_numpy(flat).to(device), torch.from_numpy(owners).to(device))
