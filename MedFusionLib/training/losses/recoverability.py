"""How well each source can be predicted from the fused picture, colours included, by a regression in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from MedFusionLib.training.losses.colour import shown
from MedFusionLib.training.losses.compared import Compared
from MedFusionLib.training.losses.neighbourhoods import halves
from MedFusionLib.training.losses.ridge import Halves, errors_of, spreads_of, standardised

_SHOWN = 0.02
_SOFT = 0.01
# A half with fewer voxels than this many times the features is fitted by chance.
_LEAST_ROWS = 2
# A source with a smaller variance is constant.
_FLAT = 1e-6


def recoverability(it: Compared) -> Tensor:
    """1 - the smallest R2 of the sources, a soft minimum of temperature .01; at least 0.

    As ``faithfulness.recoverability``: ridge regression on the 5 x 5 (3 x 3 x 3) neighbourhood of the recoloured
    fused picture with the products of the centre's channels, fitted on every second block and scored on the others,
    where any source is above .02. A source with colour counts as the mean of R, G and B if it is the only one with
    colour, else as its luma. Errors and spreads are added over the batch before R2 is taken, so that a crop that shows
    little counts little: for one item R2 is that of the figure. Sums of products are in single precision, the solution
    in double. An item with a half of too few voxels is left out; without any the loss is 0.
    """
    errors, spreads = unexplained(it)
    error, spread = errors.sum(0), spreads.sum(0)
    varied = spread > _FLAT * it.fused.numel()
    if not bool(varied.any()):
        return it.fused.sum() * 0.0
    lost = (error[varied] / spread[varied]).float()
    return _SOFT * torch.logsumexp(lost / _SOFT, 0)


def unexplained(it: Compared) -> tuple[Tensor, Tensor]:
    """The squared errors of the predictions, and the sources' squared spreads: (item, source), float64.

    Of the items with enough voxels in both halves.
    """
    targets = told(it)
    found = halves(shown(it), targets, (targets > _SHOWN).any(1, keepdim=True))
    enough = (found.count >= _LEAST_ROWS * found.features).all(1)
    found = Halves(found.count[enough], found.sums[enough], found.products[enough], found.features)
    return errors_of(standardised(found)), spreads_of(found)


def told(it: Compared) -> Tensor:
    """What each source tells in one number a voxel, (batch, source, *spatial)."""
    pictures, functional_ones = it.sources.pictures, it.batch.functional
    if it.batch.colour is None or sum(functional_ones) != 1:
        return pictures
    place = functional_ones.index(True)
    intensity = it.batch.colour.mean(1, keepdim=True)
    return torch.cat((pictures[:, :place], intensity, pictures[:, place + 1:]), 1)
