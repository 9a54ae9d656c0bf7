"""The contourlet method whose high bands a network decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from MedFusionLib import models
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.learned_contourlet import LearnedContourlet, fuse_low_band
from MedFusionLib.fusion.selection import fuse_high
from MedFusionLib.models import ModelCard
from MedFusionLib.models.weights import build

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")


@pytest.fixture(scope="module")
def method(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    models.save(build("contourlet_cnn"), ModelCard("contourlet_cnn", "contourlet_cnn", "0" * 64, 1), folder)
    return catalog.load("contourlet_cnn", weights=str(folder / "contourlet_cnn.safetensors"))


def noise(*shape: int) -> Any:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_the_catalog_makes_the_method_of_the_row(method: Any) -> None:
    assert isinstance(method, LearnedContourlet)


def test_equal_sources_come_back(method: Any) -> None:
    picture = noise(1, 1, 37, 41)
    fused = method.fuse(np.repeat(picture, 2, axis=1))
    np.testing.assert_allclose(fused, picture, atol=2e-5)


def test_three_sources_in_any_order_fuse_alike(method: Any) -> None:
    sources = noise(1, 3, 24, 30)
    np.testing.assert_allclose(method.fuse(sources[:, [2, 0, 1]]), method.fuse(sources), atol=2e-5)


def test_the_network_decides_the_details(method: Any) -> None:
    # Both sources have the same low band, 0.5, and details in two columns each: a rule of magnitudes keeps them all,
    # and one that always takes the first source keeps its own alone.
    sources = np.full((1, 2, 40, 40), 0.5, np.float32)
    sources[0, 0, :, 10:12] += np.array([0.2, -0.2], np.float32)
    sources[0, 1, :, 28:30] += np.array([0.2, -0.2], np.float32)
    given = torch.from_numpy(sources)
    both = method._answer(lambda bands: fuse_high(bands, "max-abs"), given)[0, 0, 20]
    first = method._answer(lambda bands: bands[:, :1], given)[0, 0, 20]
    assert both[10] > 0.6
    assert both[28] > 0.6
    assert first[10] > 0.6
    assert first[28] < 0.55


def test_the_low_band_is_half_by_energy_and_half_by_gradient() -> None:
    # The first source is bright and flat, the second dark with a ramp: energy takes one, gradient the other.
    ramp = np.broadcast_to(np.linspace(0.0, 0.2, 9, dtype=np.float32), (9, 9))
    bands = np.stack([np.full((9, 9), 0.8, np.float32), ramp])[None]
    np.testing.assert_allclose(fuse_low_band(bands)[0, 0, 4], 0.5 * (0.8 + ramp[4]), atol=1e-6)
