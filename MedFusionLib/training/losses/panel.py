"""The panel of six at once: the worst relative gain over the voxel-wise maximum of the sources."""

from __future__ import annotations

import torch
from torch import Tensor

from MedFusionLib.training.losses.compared import Compared, least
from MedFusionLib.training.losses.differences import correlations
from MedFusionLib.training.losses.edges import preserved
from MedFusionLib.training.losses.similarity import similarities, yang
from MedFusionLib.training.losses.visual_information import fidelities, smallest

#: The order of the six figures.
PANEL = ("qabf", "ssim", "q_y", "scd", "vif", "vif_min")
# Gains closer than this count about alike.
_SOFT = 0.03
# A crop of background has figures near 0, and gains over them would be without bound.
_LEAST_FIGURE = 0.1


def panel_gain(it: Compared) -> Tensor:
    """Minus the smallest of the six relative gains (figure - that of the maximum) / that of the maximum; mean of items.

    The project's facts on quality: ascent on the worst gain raised all six at once, where ascent on a sum gives some
    of them up. Figures as in ``metrics``: Qabf, SSIM, Q_Y, SCD, VIF and the smallest VIF; the smallest gain
    is a soft minimum of temperature .03, which is 0 for the maximum itself. A figure of the maximum below .1 counts as
    .1.
    """
    return -gains(it).mean()


def gains(it: Compared) -> Tensor:
    """The soft minimum of the gains of each item: (batch,)."""
    with torch.no_grad():
        reference = panel(it.maximum)
    relative = (panel(it) - reference) / reference.abs().clamp_min(_LEAST_FIGURE)
    return least(relative, _SOFT)


def panel(it: Compared) -> Tensor:
    """The six figures of each item in the order of ``PANEL``: (batch, 6)."""
    figures = (preserved(it), similarities(it), yang(it), correlations(it), fidelities(it).sum(1), smallest(it))
    return torch.stack(figures, 1)
