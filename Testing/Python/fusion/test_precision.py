"""Half precision is used where the picture stays the same, and nowhere else. Tried on the CPU's own half numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from MedFusionLib.fusion import precision
from MedFusionLib.fusion.precision import STEP, Precision
from MedFusionLib.networks.catalog import NETWORKS

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

QUICK = ("medfusion", "ifcnn")
OTHERS = [pytest.param(name, marks=pytest.mark.slow) for name, network in NETWORKS.items()
          if name not in QUICK and 2 in network.dimensions and not {"torchvision", "lpips"} & {*network.requires}
          and "ImageNet" not in network.title]


@pytest.fixture
def half_on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "HALF", {"cpu": "float16"})


def pictures(count: int = 2, edge: int = 32) -> Any:
    """Smooth bright discs with noise on black: (count, 2, edge, edge)."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:edge * 1j, -1:1:edge * 1j]
    disc = np.clip(4 * (0.8 - np.hypot(x, y)), 0, 1)
    return torch.from_numpy((disc * (0.3 + 0.5 * random.random((count, 2, edge, edge)))).astype(np.float32))


def convolution(scale: float) -> Any:
    """The mean of the sources, by a convolution whose numbers are ``scale`` times larger in between."""
    layer = torch.nn.Conv2d(2, 1, 1, bias=False)
    torch.nn.init.constant_(layer.weight, scale / 2)
    return lambda sources: layer(sources) / scale


@pytest.mark.parametrize("name", [*QUICK, *OTHERS])
def test_no_network_changes_a_picture_by_more_than_one_step_of_8_bits(name: str, half_on_cpu: None) -> None:
    from MedFusionLib.models import weights

    torch.manual_seed(0)
    network, sources = weights.build(name).eval(), pictures()
    with torch.inference_mode():
        full = network(sources).clamp(0, 1)
        assert float((Precision().answer(network, sources) - full).abs().max()) <= STEP


@torch.inference_mode()
def test_half_is_used_where_it_may_be_and_gives_float32(half_on_cpu: None) -> None:
    chosen = Precision()
    fused = chosen.answer(convolution(1.0), pictures())
    assert chosen.half
    assert fused.dtype == torch.float32
    assert 0 < float((fused - pictures().mean(1, keepdim=True)).abs().max()) <= STEP


@pytest.mark.parametrize("scale", [1e6, 1e-7])
@torch.inference_mode()
def test_a_network_that_leaves_the_range_of_half_numbers_stays_in_float32(scale: float, half_on_cpu: None) -> None:
    chosen = Precision()
    fused = chosen.answer(convolution(scale), pictures())
    assert chosen.half is False
    torch.testing.assert_close(fused, pictures().mean(1, keepdim=True))


@torch.inference_mode()
def test_a_later_picture_that_overflows_is_done_again_in_full(half_on_cpu: None) -> None:
    chosen, network, bright = Precision(), convolution(1e5), pictures()
    chosen.answer(network, 0.01 * bright)
    assert chosen.half
    torch.testing.assert_close(chosen.answer(network, bright), bright.mean(1, keepdim=True))
    assert chosen.half is False


@pytest.mark.parametrize("name", ["auto", "full"])
@torch.inference_mode()
def test_the_cpu_and_whoever_asks_for_full_get_the_very_numbers_of_the_network(
        name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "full":
        monkeypatch.setattr(precision, "HALF", {"cpu": "float16"})
    network = convolution(1.0)
    assert torch.equal(Precision(name).answer(network, pictures()), network(pictures()).clamp(0, 1))
