"""A loss has the value of the figure that it is named after, and its gradient betters that figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loss_pairs import batch_of, fusions, lost, pair

from MedFusionLib.metrics import METRICS
from MedFusionLib.training.losses import LOSSES

# What the loss is of a figure of two sources, and how far apart both may be: single precision and smoothing.
FIGURES = {
    "intensity": (lambda value: value, 1e-6),
    "ssim": (lambda value: 1 - value / 2, 1e-5),
    "qy": (lambda value: 1 - value, 1e-4),
    "edges": (lambda value: 1 - value, 1e-3),
    "vif": (lambda value: -value / 2, 2e-3),
    "vif_min": (lambda value: -value, 7e-3),
    "scd": (lambda value: 1 - value / 2, 1e-4),
}
KINDS = ("maximum", "average", "copy", "uneven sum", "noisy", "inverted")


def expected(name: str, fused: np.ndarray, sources: np.ndarray) -> float:
    figure = METRICS[LOSSES[name].figure].function(fused.astype(np.float64), sources.astype(np.float64))
    return float(np.mean(FIGURES[name][0](figure)))


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_loss_has_the_value_of_the_library_s_figure(name: str, kind: str) -> None:
    sources = pair(97, 90)
    fused = fusions(sources)[kind]
    assert lost(name, fused, sources) == pytest.approx(expected(name, fused, sources), abs=FIGURES[name][1])


@pytest.mark.parametrize("name", FIGURES)
def test_in_three_dimensions_too(name: str) -> None:
    sources = pair(30, 26, 28)
    fused = fusions(sources)["uneven sum"]
    assert lost(name, fused, sources) == pytest.approx(expected(name, fused, sources), abs=FIGURES[name][1])


@pytest.mark.parametrize("name", ["ssim", "qy", "edges", "vif"])
def test_of_three_sources_too(name: str) -> None:
    sources = np.concatenate([pair(64, 60), pair(64, 60, seed=7)[:, 1:]], axis=1)
    fused = fusions(sources)["maximum"]
    figure = METRICS[LOSSES[name].figure].function(fused.astype(np.float64), sources.astype(np.float64)).mean()
    per_source = {"ssim": 1 - figure / 3, "qy": 1 - figure, "edges": 1 - figure, "vif": -figure / 3}
    assert lost(name, fused, sources) == pytest.approx(float(per_source[name]), abs=FIGURES[name][1])


def gradient(name: str, fused: np.ndarray, sources: np.ndarray) -> Any:
    import torch

    picture = torch.tensor(fused)[:, None].requires_grad_()
    LOSSES[name](picture, batch_of(sources)).backward()
    return picture.grad


PLAIN = (
    "intensity", "intensity_maximum", "gradient", "gradient_maximum", *tuple(FIGURES)[1:], "invention", "panel_gain",
)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("kind", ["maximum", "copy", "noisy", "average"])
def test_every_gradient_is_finite_even_on_ties_and_black(name: str, kind: str) -> None:
    sources = pair(61, 66)
    assert np.isfinite(gradient(name, fusions(sources)[kind], sources).numpy()).all()


@pytest.mark.parametrize("name", PLAIN)
def test_black_sources_and_a_black_picture_give_a_finite_loss_and_gradient(name: str) -> None:
    sources = np.zeros((1, 2, 40, 41), np.float32)
    black = np.zeros((1, 40, 41), np.float32)
    assert np.isfinite(lost(name, black, sources))
    assert np.isfinite(gradient(name, black, sources).numpy()).all()


@pytest.mark.parametrize("name", PLAIN)
def test_the_gradient_is_the_slope_of_the_loss(name: str) -> None:
    import torch

    torch.manual_seed(0)
    sources = torch.tensor(pair(44, 41)).double()
    batch = batch_of(sources.numpy())
    fused = (0.45 * sources.sum(1, keepdim=True) + 0.02 * torch.rand(2, 1, 44, 41).double()).requires_grad_()
    LOSSES[name](fused, batch).backward()
    assert fused.grad is not None
    way, step = torch.randn_like(fused) * (sources.amax(1, keepdim=True) > 0), 1e-6
    with torch.no_grad():
        slope = (LOSSES[name](fused + step * way, batch) - LOSSES[name](fused - step * way, batch)) / (2 * step)
    assert float((fused.grad * way).sum()) == pytest.approx(float(slope), rel=2e-3, abs=1e-7)


@pytest.mark.parametrize("name", tuple(FIGURES)[1:])
def test_descent_on_a_loss_betters_the_library_s_figure(name: str) -> None:
    sources = pair(64, 60)
    fused = fusions(sources)["average"]
    slope = gradient(name, fused, sources).numpy()[:, 0]
    better = fused - 0.01 * slope / np.abs(slope).max()
    # Every figure here is "higher is better".
    figure = METRICS[LOSSES[name].figure].function
    assert figure(better, sources).mean() > figure(fused, sources).mean()
