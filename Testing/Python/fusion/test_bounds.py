"""The range that a fused image may take."""

from __future__ import annotations

import numpy as np
import torch

from MedFusionLib.fusion.bounds import keep_within

SOURCES = np.array([[[0.0, 0.0, 0.0, 0.2, 0.8, 0.6], [0.0, 0.0, 0.0, 0.1, 0.1, 0.4]]])


def test_a_voxel_stays_in_the_range_of_its_neighbours_and_under_twice_its_brightest_source():
    high = keep_within(np.ones((1, 1, 6)), SOURCES)
    low = keep_within(np.full((1, 1, 6), -1.0), SOURCES)
    np.testing.assert_allclose(high[0, 0], [0, 0, 0, 0.4, 0.8, 0.8])
    np.testing.assert_allclose(low[0, 0], [0, 0, 0, 0, 0.1, 0.1])


def test_what_lies_within_is_not_touched():
    inside = np.array([[[0.0, 0.0, 0.0, 0.3, 0.5, 0.45]]])
    np.testing.assert_array_equal(keep_within(inside, SOURCES), inside)


def test_tensors_and_volumes_are_limited_alike():
    rng = np.random.default_rng(1)
    sources, fused = rng.random((2, 3, 5, 6, 7)), rng.normal(size=(2, 1, 5, 6, 7))
    limited = keep_within(torch.from_numpy(fused), torch.from_numpy(sources))
    np.testing.assert_array_equal(limited.numpy(), keep_within(fused, sources))
