"""The dual-tree complex wavelet transform: reconstruction, shift invariance, direction, independent filters."""

from __future__ import annotations

import numpy as np
import pytest
import pywt
import torch

from MedFusionLib.fusion.dual_tree_transform import dual_tree

SHAPES = [(181, 217), (37, 41, 29), (5, 33, 18), (1, 7)]


def unchanged(band):
    return band


def coefficients(x, levels):
    """The complex bands, coarsest level first, and the low band."""
    bands, low = [], []
    dual_tree(x[None, None], levels, lambda b: bands.append(b) or b, lambda b: low.append(b) or b)
    return bands, low[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kind", "allowed"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_unchanged_bands_give_the_array_again(shape, kind, allowed):
    x = np.random.default_rng(1).random((2, 2, *shape)).astype(kind)
    y = dual_tree(x, 4, unchanged, unchanged)
    assert y.dtype == kind
    assert np.abs(y - x).max() <= allowed


def test_tensors_give_the_same_as_arrays():
    x = np.random.default_rng(2).random((1, 2, 19, 22))
    y = dual_tree(torch.from_numpy(x), 3, lambda b: b * 2, unchanged)
    np.testing.assert_allclose(y.numpy(), dual_tree(x, 3, lambda b: b * 2, unchanged), atol=1e-12)


@pytest.mark.parametrize(("shape", "directions"), [((64, 64), 6), ((32, 32, 32), 28)])
def test_every_level_has_six_directions_in_2d_and_twenty_eight_in_3d(shape, directions):
    bands, low = coefficients(np.zeros(shape), 3)
    assert len(bands) == 3 * directions
    assert [band.shape[-1] for band in bands[::directions]] == [shape[0] // 8, shape[0] // 4, shape[0] // 2]
    assert low.shape[-1] == shape[0] // 4


def test_a_constant_is_in_the_low_band_alone():
    bands, low = coefficients(np.full((32, 48), 0.7), 3)
    assert max(np.abs(band).max() for band in bands) < 1e-5
    np.testing.assert_allclose(low, 0.7 * 4, rtol=1e-5)


def level_energies(x):
    bands, _ = coefficients(x, 3)
    return [sum((np.abs(band) ** 2).sum() for band in bands[start:start + 6]) for start in (0, 6, 12)]


def wavelet_energies(x):
    _, *details = pywt.wavedec2(x, "db7", mode="periodization", level=3)
    return [sum((band**2).sum() for band in level) for level in details]


def spread(energies):
    """How far each level's energy moves about its mean, relative to it."""
    return (np.ptp(energies, axis=0) / np.mean(energies, axis=0)).max()


def test_energies_hardly_change_when_the_picture_is_shifted_where_a_plain_wavelet_s_do():
    y, x = np.mgrid[:128, :128]
    pictures = [(np.hypot(y - 64, x - 60 - shift) < 20).astype(float) for shift in range(8)]
    dual = spread([level_energies(picture) for picture in pictures])
    plain = spread([wavelet_energies(picture) for picture in pictures])
    assert dual < 0.05
    assert plain > 4 * dual


@pytest.mark.parametrize(("normal", "expected"), [(20, 2), (45, 4), (70, 0), (110, 1), (135, 5), (160, 3)])
def test_a_grating_has_its_energy_in_the_band_of_its_direction(normal, expected):
    y, x = np.mgrid[:128, :128] - 64.0
    angle = np.deg2rad(normal)
    # The middle of the passband of level 2 along the strongest axis; farther out on the diagonal.
    frequency = np.pi / 2 * 0.75 * (1.25 if normal % 90 == 45 else 1.0)
    grating = np.cos(frequency * (y * np.cos(angle) + x * np.sin(angle))) * np.exp(-(x**2 + y**2) / 800)
    bands, _ = coefficients(grating, 2)
    energies = [(np.abs(band) ** 2).sum() for band in bands[:6]]
    assert int(np.argmax(energies)) == expected
    # Bands that mirror each other overlap a little; a real wavelet would give each half.
    assert max(energies) > 0.8 * sum(energies)


def test_a_wave_s_magnitude_is_smooth_where_its_real_part_oscillates():
    _, x = np.mgrid[:128, :128]
    bands, _ = coefficients(np.cos(0.4 * np.pi * x), 2)
    strongest = max(bands[:6], key=lambda band: (np.abs(band) ** 2).sum())[0, 0, 8:-8, 8:-8]
    assert np.abs(strongest).std() < 0.05 * np.abs(strongest).mean()
    assert strongest.real.std() > 0.5 * np.abs(strongest).mean()
