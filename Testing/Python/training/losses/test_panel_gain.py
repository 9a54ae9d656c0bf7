"""The worst relative gain of six figures over the maximum, and what it does to all six."""

from __future__ import annotations

import numpy as np
import pytest
from loss_pairs import batch_of, fusions, lost, pair

from MedFusionLib.metrics import METRICS


def figures(fused: np.ndarray, sources: np.ndarray) -> np.ndarray:
    from MedFusionLib.training.losses.panel import PANEL

    exact = fused.astype(np.float64), sources.astype(np.float64)
    return np.stack([METRICS[name].function(*exact) for name in PANEL], axis=1)


def test_the_maximum_gains_nothing() -> None:
    sources = pair(80, 76)
    assert lost("panel_gain", fusions(sources)["maximum"], sources) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("kind", ["average", "copy", "noisy"])
def test_it_is_about_the_worst_of_the_six_relative_gains(kind: str) -> None:
    sources = pair(80, 76)
    made = fusions(sources)
    reference = figures(made["maximum"], sources)
    worst = ((figures(made[kind], sources) - reference) / reference).min(axis=1)
    # A soft minimum of temperature .03 lies above the minimum by at most .03 ln 6.
    assert -lost("panel_gain", made[kind], sources) - worst.mean() == pytest.approx(0.027, abs=0.027 + 0.01)


def test_ascent_on_the_worst_gain_raises_all_six_figures_of_the_library() -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    sources = pair(56, 52, batch=1)
    batch = batch_of(sources)
    start = fusions(sources)["maximum"]
    picture = torch.tensor(start)[:, None].requires_grad_()
    for _ in range(8):
        (slope,) = torch.autograd.grad(LOSSES["panel_gain"](picture, batch), picture)
        picture = (picture - 2e-3 * slope.sign()).detach().requires_grad_()
    made = picture.detach().clamp(0.0, 1.0).numpy()[:, 0]
    assert (figures(made, sources).mean(axis=0) > figures(start, sources).mean(axis=0)).all()
