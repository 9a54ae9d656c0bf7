"""The weighted sum of losses: its value, what it tells, what it refuses; and hand-worked losses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from loss_pairs import batch_of, fusions, lost, pair

from MedFusionLib.errors import BadInput
from MedFusionLib.training.losses import LOSSES, weighted


def test_the_sum_is_that_of_the_losses_times_their_weights() -> None:
    import torch

    sources = pair(50, 47)
    fused = torch.tensor(fusions(sources)["average"])[:, None].requires_grad_()
    total, told = weighted({"ssim": 2.0, "edges": 0.5, "panel_gain": 1.0})(fused, batch_of(sources))
    alone = {name: float(LOSSES[name](fused, batch_of(sources)).detach()) for name in told}
    assert told == pytest.approx(alone, abs=1e-6)
    assert float(total.detach()) == pytest.approx(
        2.0 * alone["ssim"] + 0.5 * alone["edges"] + alone["panel_gain"], abs=1e-5)
    total.backward()
    assert fused.grad is not None
    assert float(fused.grad.abs().sum()) > 0


def test_losses_compare_with_the_clean_sources() -> None:
    import torch

    sources = pair(50, 47)
    shifted = np.roll(sources, 3, axis=-1)
    fused = torch.tensor(sources.max(axis=1))[:, None]
    assert float(LOSSES["intensity_maximum"](fused, batch_of(shifted, clean=torch.tensor(sources)))) == 0.0


@pytest.mark.parametrize("weights", [{}, {"sharpness": 1.0}, {"ssim": -1.0}, {"ssim": float("nan")}])
def test_what_makes_no_sense_is_refused(weights: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        weighted(weights)


def test_fused_pictures_of_another_shape_are_refused() -> None:
    import torch

    with pytest.raises(BadInput, match=r"\(batch, 1, \*spatial\)"):
        LOSSES["ssim"](torch.zeros(2, 20, 20), batch_of(pair(20, 20)))


def test_the_brightest_grey_value_of_two_pixels_by_hand() -> None:
    sources = np.array([[[[0.2, 0.8]], [[0.5, 0.1]]]], np.float32)
    fused = np.array([[[0.4, 0.6]]], np.float32)
    assert lost("intensity_maximum", fused, sources) == pytest.approx((0.1 + 0.2) / 2)


def test_the_slopes_of_a_ramp_by_hand() -> None:
    # A ramp of .1 a pixel has a Sobel slope of 8 * .1 inside; against a flat picture that is what is lost.
    ramp = np.broadcast_to(np.arange(10, dtype=np.float32) * 0.1, (8, 10))
    sources = np.stack([ramp, np.zeros_like(ramp)])[None]
    inside, border = 0.8, 0.4
    mean = (8 * inside + 2 * border) / 10
    assert lost("gradient_maximum", np.zeros((1, 8, 10), np.float32), sources) == pytest.approx(mean, abs=1e-4)
    squared = (8 * inside**2 + 2 * border**2) / 10
    # Over two axes and two sources, of which one axis of one source has a slope.
    assert lost("gradient", np.zeros((1, 8, 10), np.float32), sources) == pytest.approx(squared / 4, abs=1e-5)


def test_every_loss_tells_its_source() -> None:
    assert all(entry.source and entry.title and entry.name == name for name, entry in LOSSES.items())


def test_listing_the_losses_loads_no_torch() -> None:
    code = "import sys, MedFusionLib.training.losses as l; l.weighted; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
