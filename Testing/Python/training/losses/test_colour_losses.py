"""Colour in torch is the library's, and the losses of hue and chroma have the values of its figures."""

from __future__ import annotations

import numpy as np
import pytest
from loss_pairs import batch_of, coloured, pair

from MedFusionLib import colour as library
from MedFusionLib import recolouring
from MedFusionLib.errors import BadInput
from MedFusionLib.metrics.chroma import hue_and_chroma_error


def rgb(seed: int, *shape: int) -> np.ndarray:
    values = np.random.default_rng(seed).random((*shape, 3)).astype(np.float32)
    values[0] = [0.0, 0.5, 1.0]
    values[1] = 0.0
    return values


def test_recolouring_is_that_of_the_library() -> None:
    import torch

    from MedFusionLib.training.losses.colour import recolour

    coloured_picture, luma = rgb(0, 20, 30), np.random.default_rng(1).random((20, 30)).astype(np.float32)
    luma[:3], luma[-3:] = 0.0, 1.0
    strength = np.random.default_rng(2).random((20, 30)).astype(np.float32)
    coloured = torch.tensor(coloured_picture).movedim(-1, 0)[None]
    for planes in ((luma,), (luma, strength)):
        made = recolour(torch.tensor(np.stack(planes))[None], coloured)
        expected = recolouring.recolour(*planes[:1], coloured_picture, *planes[1:])
        np.testing.assert_allclose(made[0].movedim(0, -1).numpy(), expected, atol=2e-6)


def test_recolouring_has_a_gradient_everywhere() -> None:
    import torch

    from MedFusionLib.training.losses.colour import recolour

    luma = torch.linspace(0.0, 1.0, 600).view(1, 1, 20, 30).requires_grad_()
    recolour(luma, torch.tensor(rgb(0, 20, 30)).movedim(-1, 0)[None]).sum().backward()
    assert luma.grad is not None
    assert bool(torch.isfinite(luma.grad).all())


def test_lab_is_that_of_the_library() -> None:
    import torch

    from MedFusionLib.training.losses.colour import to_lab

    values = rgb(2, 40, 7)
    np.testing.assert_allclose(to_lab(torch.tensor(values)).numpy(), library.to_lab(values), atol=2e-3)


def test_hue_and_chroma_as_the_library_s_figures_have_them() -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    batch, _, colour = coloured(60, 64, batch=1)
    fused = (0.5 * batch.sources[:, 1:] + 0.4).requires_grad_()
    shown = recolouring.recolour(fused.detach().numpy()[0, 0], colour[0])
    hue, chroma = hue_and_chroma_error(shown, colour[0], colour[0].max(axis=-1) >= 0.5)
    lost = {name: LOSSES[name](fused, batch) for name in ("hue", "chroma")}
    assert float(lost["hue"].detach()) * 180 == pytest.approx(hue, abs=1e-2)
    assert float(lost["chroma"].detach()) * 100 == pytest.approx(chroma, abs=1e-2)
    assert hue > 1
    (lost["hue"] + lost["chroma"]).backward()
    assert fused.grad is not None
    assert bool(torch.isfinite(fused.grad).all())
    assert float(fused.grad.abs().max()) > 0


@pytest.mark.parametrize("name", ["hue", "chroma"])
def test_the_functional_source_s_own_luma_costs_nothing_and_black_has_finite_gradients(name: str) -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    batch, _, _ = coloured(60, 64)
    assert float(LOSSES[name](batch.sources[:, 1:], batch)) == pytest.approx(0.0, abs=1e-4)
    black = torch.zeros_like(batch.sources[:, :1]).requires_grad_()
    LOSSES[name](black, batch).backward()
    assert black.grad is not None
    assert bool(torch.isfinite(black.grad).all())


@pytest.mark.parametrize("name", ["hue", "chroma"])
def test_grey_pairs_are_refused(name: str) -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    with pytest.raises(BadInput, match="without colour"):
        LOSSES[name](torch.zeros(2, 1, 20, 20), batch_of(pair(20, 20)))
