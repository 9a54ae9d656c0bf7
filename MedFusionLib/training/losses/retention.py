"""What the fused picture keeps of small structures that are planted into a source."""

from __future__ import annotations

import torch
from torch import Tensor

from MedFusionLib.errors import BadInput
from MedFusionLib.training.losses.colour import recolour, shown
from MedFusionLib.training.losses.compared import Compared
from MedFusionLib.training.losses.planting import Plan, Region, planted

_TINY = 1e-12


def retention(it: Compared) -> Tensor:
    """1 - the mean share of contrast to noise that planted structures keep, at most 1 each; about 0 to 1.

    As ``faithfulness.retention``, of whose structures a batch gets new ones in each call, drawn with torch's own
    generator into one source of each item: see :func:`~MedFusionLib.training.losses.planting.planted`. Where no
    gradient is asked for they are the same in each call, so that judgements compare. The network is run a second time,
    on the batch with the structures. A structure that is kept more than whole counts as 1, since
    exaggerating one cannot make up for losing another. 0 without room for any. Raises ``BadInput`` without the
    network.
    """
    if it.fuse is None:
        raise BadInput("loss 'retention' without the network", "Give fuse, which makes a fused picture of a batch")
    batch, plan = planted(it.batch, None if it.fused.requires_grad else torch.Generator().manual_seed(0))
    if not len(plan):
        return it.fused.sum() * 0.0
    changed = it.fuse(batch)
    changed = changed[:, :1] if batch.colour is None else recolour(changed, batch.colour)
    return (1.0 - retained(shown(it), changed, plan).clamp_max(1.0)).mean()


def retained(plain: Tensor, changed: Tensor, plan: Plan) -> Tensor:
    """The share of its contrast-to-noise ratio that each structure keeps: (structure,).

    ``plain`` and ``changed`` are the fused pictures as shown, (batch, channel, *spatial), without and with it.
    """
    difference = _rows(changed - plain)
    kept = _means(difference, plan.inside, plan) - _means(difference, plan.around, plan)
    noise = torch.maximum(_deviations(_rows(plain), plan.around, plan), plan.noise)
    return kept / plan.given * plan.noise / noise


def _rows(pictures: Tensor) -> Tensor:
    """(voxel of the batch, channel)."""
    return pictures.movedim(1, -1).flatten(0, -2)


def _means(rows: Tensor, region: Region, plan: Plan) -> Tensor:
    """The mean over each structure's voxels along its direction of colour."""
    return _averaged((rows[region.places] * plan.weights[region.owners]).sum(1), region, len(plan))


def _deviations(rows: Tensor, region: Region, plan: Plan) -> Tensor:
    """The standard deviation over each structure's voxels along its direction of colour."""
    values = (rows[region.places] * plan.weights[region.owners]).sum(1)
    centred = values - _averaged(values, region, len(plan))[region.owners]
    return (_averaged(centred.square(), region, len(plan)) + _TINY).sqrt()


def _averaged(values: Tensor, region: Region, count: int) -> Tensor:
    sums = values.new_zeros(count).index_add(0, region.owners, values)
    return sums / torch.bincount(region.owners, minlength=count)
