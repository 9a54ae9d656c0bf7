"""Recoverability as a loss has the value of the figure, in colour and grey, in two and three dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from loss_pairs import batch_of, coloured, pair

from MedFusionLib.faithfulness.recoverability import recoverability
from MedFusionLib.recolouring import recolour


def of_loss(fused: np.ndarray, batch: object) -> np.ndarray:
    """R2 of each source of each item."""
    import torch

    from MedFusionLib.training.losses.compared import Compared
    from MedFusionLib.training.losses.recoverability import unexplained

    errors, spreads = unexplained(Compared(torch.tensor(fused)[:, None], batch))  # type: ignore[arg-type]
    return (1.0 - errors / spreads).numpy()


@pytest.mark.parametrize("spatial", [(104, 97), (38, 44, 35)])
def test_of_grey_pairs_as_the_library_has_it(spatial: tuple[int, ...]) -> None:
    sources = pair(*spatial)
    fused = 0.6 * sources[:, 0] + 0.3 * sources[:, 1]
    expected = [recoverability(one, each).sources for one, each in zip(fused, sources, strict=True)]
    np.testing.assert_allclose(of_loss(fused, batch_of(sources)), expected, atol=2e-4)


def test_of_a_coloured_pair_as_the_library_has_it() -> None:
    batch, anatomy, colour = coloured(104, 97)
    fused = np.maximum(anatomy, batch.sources[:, 1].numpy())
    expected = [
        recoverability(recolour(luma, rgb), np.stack([grey, rgb.mean(axis=-1)])).sources
        for luma, rgb, grey in zip(fused, colour, anatomy, strict=True)
    ]
    np.testing.assert_allclose(of_loss(fused, batch), expected, atol=2e-4)


def test_the_loss_of_one_item_is_that_of_its_worse_source() -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    sources = pair(104, 97, batch=1)
    worse = recoverability(sources[0, 0], sources[0]).worse
    lost = LOSSES["recoverability"](torch.tensor(sources[:, :1]), batch_of(sources))
    assert float(lost) == pytest.approx(1.0 - worse, abs=1e-3)


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    torch.manual_seed(0)
    sources = torch.tensor(pair(70, 66, batch=1)).double()
    batch = batch_of(sources.numpy())
    fused = (0.45 * sources.sum(1, keepdim=True) + 0.05 * torch.rand(1, 1, 70, 66).double()).requires_grad_()
    LOSSES["recoverability"](fused, batch).backward()
    assert fused.grad is not None
    way, step = torch.randn_like(fused), 1e-5
    with torch.no_grad():
        ends = [LOSSES["recoverability"](fused + sign * step * way, batch) for sign in (1, -1)]
    assert float((fused.grad * way).sum()) == pytest.approx(float(ends[0] - ends[1]) / (2 * step), rel=1e-2, abs=1e-6)


def test_descent_recovers_the_worse_source_better() -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    batch, anatomy, colour = coloured(96, 96)
    start = batch.sources[:, 1:]
    fused = start.clone().requires_grad_()
    for _ in range(15):
        (slope,) = torch.autograd.grad(LOSSES["recoverability"](fused, batch), fused)
        fused = (fused - 0.01 * slope.sign()).detach().requires_grad_()

    def worse(luma: np.ndarray) -> float:
        rgb = recolour(luma, colour[0])
        return recoverability(rgb, np.stack([anatomy[0], colour[0].mean(axis=-1)])).worse

    assert worse(fused.detach().clamp(0, 1).numpy()[0, 0]) > worse(start.numpy()[0, 0]) + 0.05


def test_a_black_item_changes_nothing_and_only_black_ones_cost_nothing() -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    sources = pair(96, 96, batch=1)
    black = np.zeros_like(sources)
    both = np.concatenate([sources, black])
    alone, with_black, only_black = (
        float(LOSSES["recoverability"](torch.tensor(each.mean(axis=1, keepdims=True)), batch_of(each)))
        for each in (sources, both, black)
    )
    # The mean grey, which is taken off before products are summed, differs; so does the last digit.
    assert with_black == pytest.approx(alone, abs=1e-5)
    assert only_black == 0.0
