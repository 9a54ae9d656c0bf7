"""The non-subsampled contourlet transform: reconstruction, energy, shifts, directions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from MedFusionLib.fusion.contourlet_transform import contourlet
from MedFusionLib.fusion.spectrum import extend_periodic

SHAPES = [((181, 217), 4), ((21, 31, 19), 2), ((5, 33, 18), 1), ((1, 7), 2)]


def unchanged(band):
    return band


def coefficients(x, levels, directions):
    """The bands, finest level first (its rim before its directions), and the low band."""
    bands, low = [], []
    contourlet(x[None, None], levels, directions, lambda b: bands.append(b) or b, lambda b: low.append(b) or b)
    return bands, low[0]


@pytest.mark.parametrize(("shape", "directions"), SHAPES)
@pytest.mark.parametrize(("kind", "allowed"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_unchanged_bands_give_the_array_again(shape, directions, kind, allowed):
    x = np.random.default_rng(1).random((2, 2, *shape)).astype(kind)
    y = contourlet(x, 3, directions, unchanged, unchanged)
    assert y.dtype == kind
    assert np.abs(y - x).max() <= allowed


def test_tensors_give_the_same_as_arrays():
    x = np.random.default_rng(2).random((1, 2, 19, 22))
    y = contourlet(torch.from_numpy(x), 2, 3, lambda b: b * 2, unchanged)
    np.testing.assert_allclose(y.numpy(), contourlet(x, 2, 3, lambda b: b * 2, unchanged), atol=1e-12)


@pytest.mark.parametrize(("shape", "directions"), [((60, 75), 4), ((33, 27, 45), 2)])
def test_the_bands_hold_the_energy_of_the_extended_array(shape, directions):
    x = np.random.default_rng(3).standard_normal(shape)
    bands, low = coefficients(x, 2, directions)
    energy = sum((band**2).sum() for band in [*bands, low])
    assert energy == pytest.approx((extend_periodic(x[None, None], 2) ** 2).sum(), rel=1e-12)


@pytest.mark.parametrize(("shape", "directions", "number"), [((40, 40), 4, 8), ((20, 20, 20), 2, 12)])
def test_there_is_a_rim_and_the_directions_of_every_level(shape, directions, number):
    bands, _ = coefficients(np.zeros(shape), 2, directions)
    assert len(bands) == 1 + 2 * number


def test_a_shifted_picture_has_the_shifted_bands():
    y, x = np.mgrid[:97, :97]
    picture = (np.hypot(y - 40, x - 44) < 15) * 1.0
    plain, low = coefficients(picture, 3, 4)
    moved, low_moved = coefficients(np.roll(picture, (5, 3), (0, 1)), 3, 4)
    for band, other in zip([*plain, low], [*moved, low_moved], strict=True):
        np.testing.assert_allclose(other, np.roll(band, (5, 3), (2, 3)), atol=1e-12)


def test_a_constant_is_in_the_low_band_alone():
    bands, low = coefficients(np.full((32, 48), 0.7), 3, 4)
    assert max(np.abs(band).max() for band in bands) < 1e-12
    np.testing.assert_allclose(low, 0.7, atol=1e-12)


@pytest.mark.parametrize(("normal", "expected"), [(10, 2), (35, 3), (60, 7), (80, 6), (100, 5), (125, 4),
                                                  (150, 0), (170, 1)])
def test_a_line_has_its_energy_in_the_band_of_its_direction(normal, expected):
    y, x = np.mgrid[:129, :129] - 64.0
    angle = np.deg2rad(normal)
    distance = y * np.cos(angle) + x * np.sin(angle)
    line = np.exp(-(distance**2) / 4.5 - (x**2 + y**2) / 800)
    bands, _ = coefficients(line, 1, 4)
    energies = [(band**2).sum() for band in bands[1:]]
    assert int(np.argmax(energies)) == expected
    assert max(energies) > 0.8 * sum(energies)


@pytest.mark.parametrize(("normal", "expected"), [((1, 0.5, -0.5), 2), ((0.5, 1, 0.5), 7), ((-0.5, 0.5, 1), 9)])
def test_a_sheet_in_3d_has_its_energy_in_the_band_of_its_direction(normal, expected):
    axes = np.mgrid[:49, :49, :49] - 24.0
    unit = np.array(normal) / np.linalg.norm(normal)
    distance = np.tensordot(unit, axes, 1)
    sheet = np.exp(-(distance**2) / 4.5 - (axes**2).sum(axis=0) / 120)
    bands, _ = coefficients(sheet, 1, 2)
    energies = [(band**2).sum() for band in bands[1:]]
    assert int(np.argmax(energies)) == expected
    assert max(energies) > 0.7 * sum(energies)
