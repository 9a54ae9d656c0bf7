"""What holds for every method that fuses in a transform's or a dictionary's domain."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from MedFusionLib.fusion import catalog

NAMES = ["dual_tree", "contourlet", "curvelet", "sparse"]
SHAPES = [(45, 38), (11, 16, 13), pytest.param((5, 37, 30), marks=pytest.mark.slow)]

each_method = pytest.mark.parametrize("name", NAMES)
each_shape = pytest.mark.parametrize("shape", SHAPES)


def head(shape, seed, sources=2):
    """Textured balls of different size on black, values in [0, 1], shape (1, source, *spatial)."""
    rng = np.random.default_rng(seed)
    axes = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    radius = np.sqrt(sum(axis**2 for axis in axes))
    balls = [np.where(radius < 0.8 - 0.1 * k, 0.3 + 0.6 * rng.random(shape), 0.0) for k in range(sources)]
    return np.stack(balls)[None].astype(np.float32)


@each_method
@each_shape
def test_identical_sources_give_the_source(name, shape):
    source = head(shape, 1, 1)
    fused = catalog.load(name).fuse(np.concatenate([source, source, source], axis=1))
    assert fused.shape == source.shape
    assert fused.dtype == np.float32
    assert np.abs(fused - source).max() <= 2e-6


@each_method
@each_shape
def test_swapped_sources_give_the_same(name, shape):
    sources = head(shape, 2)
    method = catalog.load(name)
    assert method.card.symmetric
    np.testing.assert_array_equal(method.fuse(sources), method.fuse(sources[:, ::-1]))


@each_method
@each_shape
def test_what_is_black_in_every_source_stays_black(name, shape):
    sources = head(shape, 3)
    fused = catalog.load(name).fuse(sources)
    black = (sources == 0).all(axis=1, keepdims=True)
    assert black.any()
    assert fused[black].max() == 0


@each_method
def test_three_sources_give_one_picture_in_range(name):
    fused = catalog.load(name).fuse(head((33, 40), 4, 3))
    assert fused.shape == (1, 1, 33, 40)
    assert fused.min() >= 0
    assert fused.max() <= 1


@each_method
def test_a_batch_gives_what_its_items_give(name):
    first, second = head((25, 31), 5), head((25, 31), 6)
    method = catalog.load(name)
    both = method.fuse(np.concatenate([first, second]))
    np.testing.assert_allclose(both[:1], method.fuse(first), atol=1e-6)
    np.testing.assert_allclose(both[1:], method.fuse(second), atol=1e-6)


@each_method
def test_a_tensor_gives_a_tensor_of_the_same_values(name):
    sources = head((25, 31), 7)
    method = catalog.load(name)
    fused = method.fuse(torch.from_numpy(sources))
    assert isinstance(fused, torch.Tensor)
    assert fused.dtype == torch.float32
    # A rounding may decide a tie the other way, so a few voxels may differ.
    assert np.mean(np.abs(fused.numpy() - method.fuse(sources)) > 1e-5) < 0.01


@each_method
def test_two_runs_give_the_same_bytes(name):
    sources = head((27, 20), 8)
    assert catalog.load(name).fuse(sources).tobytes() == catalog.load(name).fuse(sources).tobytes()


@each_method
def test_the_sources_are_not_changed(name):
    sources = head((25, 31), 9)
    kept = sources.copy()
    catalog.load(name).fuse(sources)
    np.testing.assert_array_equal(sources, kept)


@each_method
def test_the_detail_of_either_source_is_in_the_result(name):
    y, x = np.mgrid[:64, :64]
    left = np.where(x < 32, 0.5 + 0.3 * np.sign(np.sin(y * 0.9)), 0.5)
    right = np.where(x >= 32, 0.5 + 0.3 * np.sign(np.sin(y * 0.9)), 0.5)
    fused = catalog.load(name).fuse(np.stack([left, right])[None].astype(np.float32))[0, 0]
    assert fused[:, 4:28].std() > 0.9 * left[:, 4:28].std()
    assert fused[:, 36:60].std() > 0.9 * right[:, 36:60].std()
