"""What every method of the catalog promises, whoever wrote it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog

# A network is checked by its own tests; here are the methods that need no weights.
NAMES = [card.name for card in catalog.cards() if card.family in ("rule", "multiscale", "sparse")]
SHAPES = [(45, 38), (5, 17, 14), (1, 9, 8), (8, 7), (3, 1), (1, 1)]


def smooth_sources(*shape: int, seed: int = 0) -> Any:
    """Random blobs on black in [0, 1], ``(batch, source, *spatial)``."""
    values = np.random.default_rng(seed).random(shape, dtype=np.float32)
    for axis in range(2, len(shape)):
        values = (values + np.roll(values, 1, axis) + np.roll(values, -1, axis)) / np.float32(3)
    return np.clip(values - np.float32(0.3), 0, 1)


def fitting(name: str) -> list[tuple[int, ...]]:
    return [shape for shape in SHAPES if len(shape) in catalog.card(name).dimensions]


@pytest.mark.parametrize("name", NAMES)
def test_identical_sources_give_the_source(name: str) -> None:
    method = catalog.load(name)
    for shape in fitting(name):
        one = smooth_sources(2, 1, *shape)
        np.testing.assert_allclose(method.fuse(np.repeat(one, 2, axis=1)), one, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_swapping_two_sources_changes_not_a_bit_where_the_card_says_symmetric(name: str) -> None:
    method = catalog.load(name)
    for shape in fitting(name):
        sources = smooth_sources(2, 2, *shape)
        sources[:, 1, :2] = sources[:, 0, :2]
        swapped = np.ascontiguousarray(sources[:, ::-1])
        if method.card.symmetric:
            np.testing.assert_array_equal(method.fuse(swapped), method.fuse(sources))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_three_sources_does_not_matter(name: str) -> None:
    method = catalog.load(name)
    most = method.card.sources[1]
    if not method.card.symmetric or (most is not None and most < 3):
        pytest.skip("not for three sources")
    sources = smooth_sources(1, 3, *fitting(name)[0])
    np.testing.assert_allclose(method.fuse(sources[:, [2, 0, 1]]), method.fuse(sources), atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_black_stays_black_and_the_result_lies_in_0_to_1(name: str) -> None:
    method = catalog.load(name)
    for shape in fitting(name):
        assert not method.fuse(np.zeros((1, 2, *shape), np.float32)).any()
        extremes = (smooth_sources(2, 2, *shape, seed=1) > 0.2).astype(np.float32)
        fused = method.fuse(extremes)
        assert fused.shape == (2, 1, *shape)
        assert fused.dtype == np.float32
        assert fused.min() >= 0
        assert fused.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_what_is_black_in_all_sources_is_black_beside_bright_edges_too(name: str) -> None:
    sources = np.zeros((1, 2, 64, 64), np.float32)
    sources[0, 0, 16:48, 16:48], sources[0, 1, 20:52, 20:52] = 1.0, 0.6
    fused = catalog.load(name).fuse(sources)
    assert fused[0, 0, 24:44, 24:44].min() > 0.5
    assert not fused[:, :1][(sources == 0).all(axis=1, keepdims=True)].any()


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_gives_what_its_items_give_alone_and_twice_gives_the_same(name: str) -> None:
    method = catalog.load(name)
    sources = smooth_sources(3, 2, *fitting(name)[0])
    before = sources.copy()
    batch = method.fuse(sources)
    np.testing.assert_array_equal(sources, before)
    np.testing.assert_array_equal(method.fuse(sources), batch)
    alone = np.concatenate([method.fuse(sources[i:i + 1]) for i in range(3)])
    np.testing.assert_allclose(batch, alone, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_torch_tensor_gives_a_tensor_with_the_same_values(name: str) -> None:
    torch = pytest.importorskip("torch")
    method = catalog.load(name)
    for shape in fitting(name)[:2]:
        sources = smooth_sources(2, 2, *shape)
        fused = method.fuse(torch.from_numpy(sources))
        assert isinstance(fused, torch.Tensor)
        assert fused.dtype == torch.float32
        # Where two coefficients are equal to rounding, a selection may fall either way.
        differ = np.abs(fused.numpy() - method.fuse(sources)) > 1e-5
        assert differ.mean() < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_number_of_axes_or_sources_is_refused(name: str) -> None:
    method = catalog.load(name)
    with pytest.raises(BadInput, match="shape"):
        method.fuse(np.zeros((2, 9), np.float32))
    with pytest.raises(BadInput, match="sources, not 1"):
        method.fuse(np.zeros((1, 1, *fitting(name)[0]), np.float32))
