"""Directional windows and the Fourier transforms that they are used with."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from MedFusionLib.fusion import spectrum, wedges


@pytest.mark.parametrize(("dimension", "count", "number"), [(2, 4, 8), (2, 1, 2), (3, 2, 12), (3, 4, 48)])
def test_the_squared_windows_add_to_the_power_at_every_frequency(dimension, count, number):
    axes = [spectrum.frequencies(size) for size in (15, 9, 11)[:dimension]]
    grids = np.meshgrid(*axes, indexing="ij")
    found = list(wedges.all_wedges(dimension, count))
    assert len(found) == number
    total = np.zeros(grids[0].shape)
    for face, slopes in found:
        window = np.ones(grids[0].shape)
        for axis, slope in slopes.items():
            window *= wedges.bump(wedges.slope(grids[axis], grids[face]), slope, count)
        total += window**2
    total[(0,) * dimension] = 1
    np.testing.assert_allclose(total, wedges.power(axes, count), atol=1e-12)


def test_inside_a_face_the_squared_windows_add_to_one():
    slopes = np.linspace(-0.7, 0.7, 101)
    np.testing.assert_allclose(sum(wedges.bump(slopes, k, 4) ** 2 for k in range(4)), 1, atol=1e-12)


@pytest.mark.parametrize(("least", "size"), [(1, 1), (10, 11), (13, 15), (264, 275), (275, 275)])
def test_lengths_are_odd_and_quick_to_transform(least, size):
    assert spectrum.odd_size(least) == size


def test_an_extended_array_begins_with_the_array_and_goes_round_without_a_jump():
    ramp = np.linspace(0, 1, 60)[None, None]
    extended = spectrum.extend_periodic(ramp, 3)[0, 0]
    assert len(extended) % 2 == 1
    np.testing.assert_array_equal(extended[:60], ramp[0, 0])
    assert np.abs(np.diff(np.append(extended, extended[0]))).max() < 0.25


def test_single_precision_stays_single_and_tensors_give_what_arrays_give():
    x = np.random.default_rng(1).random((1, 2, 9, 15)).astype(np.float32)
    whole, half = spectrum.forward(x), spectrum.forward_real(x)
    assert whole.dtype == half.dtype == np.complex64
    np.testing.assert_allclose(spectrum.forward(torch.from_numpy(x)).numpy(), whole, atol=1e-5)
    np.testing.assert_allclose(spectrum.inverse_real(half, (9, 15)), x, atol=1e-6)
    assert np.sum(np.abs(whole) ** 2) == pytest.approx(np.sum(x**2), rel=1e-5)
