"""Mutual information, uniqueness and perceptual likeness, against truth worked out otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from loss_pairs import batch_of, lost, pair

from MedFusionLib.errors import BadInput
from MedFusionLib.metrics import METRICS


def test_mutual_information_is_the_histogram_s_on_its_own_levels() -> None:
    sources = np.round(pair(60, 64) * 63) / np.float32(63)
    fused = np.round(sources.mean(axis=1) * 63) / np.float32(63)
    expected = METRICS["mutual_information"].function(fused.astype(np.float64), sources.astype(np.float64))
    assert lost("mutual_information", fused, sources) == pytest.approx(-float(expected.mean()) / 2, abs=1e-3)


def test_mutual_information_of_a_volume_is_that_of_its_voxels() -> None:
    sources = pair(12, 15, 16)
    fused = sources.mean(axis=1)
    flat = lost("mutual_information", fused.reshape(2, 12, -1), sources.reshape(2, 2, 12, -1))
    assert lost("mutual_information", fused, sources) == pytest.approx(flat, abs=1e-5)


def test_what_is_unique_to_a_source_is_found_in_its_copy_alone() -> None:
    random = np.random.default_rng(0)
    # Where one source has texture the other is flat.
    sources = np.full((1, 2, 48, 100), 0.5, np.float32)
    sources[0, 0, :, :40] += random.normal(0.0, 0.15, (48, 40)).astype(np.float32)
    sources[0, 1, :, 60:] += random.normal(0.0, 0.15, (48, 40)).astype(np.float32)
    both = sources.sum(axis=1) - 0.5
    assert lost("uniqueness", both, sources) == pytest.approx(0.0, abs=0.05)
    assert lost("uniqueness", sources[:, 0], sources) == pytest.approx(0.5, abs=0.05)
    assert lost("uniqueness", 1.0 - both, sources) == pytest.approx(2.0, abs=0.1)


def test_what_both_sources_show_is_not_unique_to_either() -> None:
    random = np.random.default_rng(0)
    common = random.normal(0.0, 0.1, (1, 64, 64))
    own = random.normal(0.0, 0.1, (2, 1, 64, 64))
    sources = np.asarray(np.stack([0.5 + common + own[0], 0.5 + common + own[1]], axis=1), np.float32)
    # A copy has its own part, sqrt(3) / 2 of its deviation once the other source is regressed out; of the other
    # source's rest, B - A / 2, it has nothing.
    assert lost("uniqueness", sources[:, 0], sources) == pytest.approx(1 - np.sqrt(0.75) / 2, abs=0.06)


@pytest.mark.parametrize("name", ["mutual_information", "uniqueness"])
def test_gradients_are_finite_and_point_down(name: str) -> None:
    import torch

    from MedFusionLib.training.losses import LOSSES

    sources = pair(60, 64)
    sources[:, :, :20] = 0.0
    fused = torch.tensor(sources[:, :1] * 0.5).requires_grad_()
    before = LOSSES[name](fused, batch_of(sources))
    before.backward()
    assert fused.grad is not None
    assert bool(torch.isfinite(fused.grad).all())
    step = 0.002 * fused.grad / fused.grad.abs().max()
    assert float(LOSSES[name]((fused - step).detach(), batch_of(sources))) < float(before.detach())


def _write_weights(folder: Path) -> None:
    """Random weights of VGG-19, as a user would have trained ones."""
    import torch

    from MedFusionLib.models.card import ModelCard
    from MedFusionLib.models.weights import build, save

    torch.manual_seed(0)
    save(build("vgg_features"), ModelCard("vgg_features", "vgg_features", "", 0), folder)


def test_perceptual_likeness_uses_the_user_s_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from MedFusionLib.models.places import VARIABLE
    from MedFusionLib.training.losses import LOSSES, perceptual

    sources = pair(40, 40)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    perceptual.vgg.cache_clear()
    with pytest.raises(BadInput, match="not trained"):
        lost("perceptual", sources[:, 0], sources)
    _write_weights(tmp_path)
    fused = torch.tensor(sources[:, :1]).requires_grad_()
    value = LOSSES["perceptual"](fused, batch_of(sources))
    value.backward()
    assert fused.grad is not None
    assert float(fused.grad.abs().max()) > 0
    same = np.repeat(sources[:, :1], 2, axis=1)
    assert float(value.detach()) > 0
    assert lost("perceptual", same[:, 0], same) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(BadInput, match="two dimensions"):
        lost("perceptual", np.zeros((1, 8, 8, 8), np.float32), np.zeros((1, 2, 8, 8, 8), np.float32))
    perceptual.vgg.cache_clear()
