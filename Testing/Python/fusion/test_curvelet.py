"""The fast discrete curvelet transform: reconstruction, energy, directions, scaling."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from MedFusionLib.fusion.curvelet_transform import curvelet
from MedFusionLib.fusion.spectrum import extend_periodic

SHAPES = [((181, 217), 8), ((21, 17, 19), 4), ((5, 33, 18), 4), ((1, 7), 4)]


def unchanged(band):
    return band


def coefficients(x, levels, directions=4):
    """The wedges, finest scale first, and the low band."""
    bands, low = [], []
    curvelet(x[None, None], levels, directions, lambda b: bands.append(b) or b, lambda b: low.append(b) or b)
    return bands, low[0]


@pytest.mark.parametrize(("shape", "directions"), SHAPES)
@pytest.mark.parametrize(("kind", "allowed"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_unchanged_bands_give_the_array_again(shape, directions, kind, allowed):
    x = np.random.default_rng(1).random((2, 1, *shape)).astype(kind)
    y = curvelet(x, 2, directions, unchanged, unchanged)
    assert y.dtype == kind
    assert np.abs(y - x).max() <= allowed


@pytest.mark.parametrize(("levels", "shape"), [(1, (50, 61)), (4, (50, 61)), (6, (5, 12))])
def test_any_number_of_scales_reconstructs(levels, shape):
    x = np.random.default_rng(4).random((1, 2, *shape))
    assert np.abs(curvelet(x, levels, 5, unchanged, unchanged) - x).max() < 1e-12


def test_tensors_give_the_same_as_arrays():
    x = np.random.default_rng(2).random((1, 2, 19, 22))
    y = curvelet(torch.from_numpy(x), 2, 4, lambda b: b * 2, unchanged)
    np.testing.assert_allclose(y.numpy(), curvelet(x, 2, 4, lambda b: b * 2, unchanged), atol=1e-12)


@pytest.mark.parametrize("shape", [(60, 75), (33, 27, 45)])
def test_the_coefficients_hold_the_energy_of_the_extended_array(shape):
    x = np.random.default_rng(3).standard_normal(shape)
    bands, low = coefficients(x, 2)
    energy = sum((np.abs(band) ** 2).sum() for band in [*bands, low])
    assert energy == pytest.approx((extend_periodic(x[None, None], 2) ** 2).sum(), rel=1e-12)


def test_the_number_of_directions_doubles_at_every_other_scale():
    bands, _ = coefficients(np.zeros((200, 200)), 4)
    assert len(bands) == 2 * (16 + 8 + 8 + 4)


def test_boxes_are_smaller_than_the_array_and_coarser_ones_smaller_still():
    bands, low = coefficients(np.zeros((189, 189)), 3)
    finest, coarsest = bands[0][0, 0], bands[-1][0, 0]
    assert finest.size < 189 * 189 / 3
    assert coarsest.size < finest.size / 4
    assert low.size < 189 * 189 / 20


def test_a_constant_is_in_the_low_band_alone():
    bands, low = coefficients(np.full((40, 55), 0.7), 2)
    assert max(np.abs(band).max() for band in bands) < 1e-12
    assert np.ptp(low) < 1e-12


@pytest.mark.parametrize("normal", [3, 20, 40, 52, 75, 100, 130, 160])
def test_a_line_has_its_energy_in_the_wedge_of_its_direction(normal):
    y, x = np.mgrid[:129, :129] - 64.0
    across, along = np.cos(np.deg2rad(normal)), np.sin(np.deg2rad(normal))
    line = np.exp(-((y * across + x * along) ** 2) / 4.5 - (x**2 + y**2) / 800)
    bands, _ = coefficients(line, 2, 4)
    energies = np.array([(np.abs(band) ** 2).sum() for band in bands[:16]])
    face, slope = (0, along / across) if abs(across) > abs(along) else (1, across / along)
    exact = (slope + 1) * 8 / 2 - 0.5
    lower = 8 * face + int(np.clip(np.floor(exact), 0, 6))
    assert energies[lower:lower + 2].sum() > 0.95 * energies.sum()
    assert int(np.argmax(energies)) == 8 * face + round(exact)


def test_one_coefficient_is_a_thin_needle_across_its_frequency():
    def lone(band):
        out = np.zeros_like(band)
        if not seen:
            out[0, 0, band.shape[2] // 2, band.shape[3] // 2] = 1
        seen.append(band)
        return out

    for levels, least in ((3, 1.5), (5, 2.2)):
        seen: list[np.ndarray] = []
        needle = curvelet(np.zeros((1, 1, 129, 129)), levels, 8, lone, lambda b: b)[0, 0]
        weight = needle**2 / (needle**2).sum()
        place = np.mgrid[:129, :129].reshape(2, -1)
        spread = np.cov(place, aweights=weight.ravel())
        narrow, wide = np.sqrt(np.linalg.eigvalsh(spread))
        assert wide > least * narrow
