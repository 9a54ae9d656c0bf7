"""Pyramids and wavelets: perfect reconstruction, what the bands hold, and the band rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import pywt

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.guided_filter import guided_filter
from MedFusionLib.fusion.laplacian import decompose, enlarge, reconstruct, shrink
from MedFusionLib.fusion.selection import HIGH_RULES, LOW_RULES, fuse_high, fuse_low
from MedFusionLib.fusion.wavelet import WAVELETS

SHAPES = [(64, 48), (45, 31), (19, 22, 13), (5, 30, 28), (2, 3), (1, 8, 1)]


def noise(*shape: int) -> Any:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_laplacian_pyramid_is_put_together_again(shape: tuple[int, ...]) -> None:
    image = noise(2, 1, *shape)
    details, low = decompose(image, 6)
    np.testing.assert_allclose(reconstruct(details, low), image, atol=1e-6)
    assert max(low.shape[2:]) <= max(2, -(-max(shape) // 2**6))


def test_shrinking_and_enlarging_keep_a_constant_and_the_middle_of_a_ramp() -> None:
    flat = np.full((1, 1, 13, 10), 0.3, np.float32)
    np.testing.assert_allclose(shrink(flat), 0.3, rtol=1e-6)
    np.testing.assert_allclose(enlarge(shrink(flat), flat), flat, rtol=1e-6)
    ramp = np.broadcast_to(np.arange(32, dtype=np.float32), (1, 1, 8, 32)).copy()
    np.testing.assert_allclose(shrink(ramp)[0, 0, 0, 1:-1], ramp[0, 0, 0, 2:-2:2], rtol=1e-6)
    np.testing.assert_allclose(enlarge(shrink(ramp), ramp)[..., 6:-6], ramp[..., 6:-6], rtol=1e-5)


@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("name", ["dwt", "swt"])
def test_every_wavelet_is_put_together_again(name: str, wavelet: str) -> None:
    for shape, levels in (((45, 31), 3), ((45, 31), 1), ((13, 19, 18), 1)):
        if wavelet == "db2" or len(shape) == 2:
            one = noise(1, 1, *shape)
            fused = catalog.load(name, wavelet=wavelet, levels=levels, limit=False).fuse(np.repeat(one, 2, axis=1))
            np.testing.assert_allclose(fused, one, atol=1e-5)


def test_one_level_of_the_discrete_wavelet_equals_fusing_pywavelets_bands() -> None:
    sources = noise(1, 2, 32, 24)
    first, second = (pywt.dwtn(sources[0, i].astype(float), "db2") for i in range(2))
    bands = {name: np.where(abs(first[name]) > abs(second[name]), first[name], second[name]) for name in first}
    bands["aa"] = (first["aa"] + second["aa"]) / 2
    expected = np.clip(pywt.idwtn(bands, "db2"), 0, 1)
    fused = catalog.load("dwt", wavelet="db2", levels=1, low="average", limit=False).fuse(sources)
    np.testing.assert_allclose(fused[0, 0], expected, atol=1e-5)


def test_the_stationary_wavelet_moves_with_its_sources_and_the_discrete_one_does_not() -> None:
    sources = np.zeros((1, 2, 64, 64), np.float32)
    sources[:, :, 16:48, 16:48] = noise(1, 2, 32, 32)
    moved = np.roll(sources, 1, axis=3)
    error = {name: np.abs(np.roll(catalog.load(name, levels=2).fuse(sources), 1, axis=3)
                          - catalog.load(name, levels=2).fuse(moved)).max() for name in ("swt", "dwt")}
    assert error["swt"] < 1e-4
    assert error["dwt"] > 1e-2


@pytest.mark.parametrize("name", ["laplacian", "dwt", "swt"])
def test_any_pair_of_band_rules_keeps_the_promises(name: str) -> None:
    one, other = noise(1, 1, 24, 20), noise(1, 1, 24, 20)[..., ::-1]
    for low in LOW_RULES:
        for high in HIGH_RULES:
            method = catalog.load(name, low=low, high=high)
            np.testing.assert_allclose(method.fuse(np.concatenate([one, one], 1)), one, atol=2e-6)
            both = np.concatenate([one, other], 1)
            np.testing.assert_array_equal(method.fuse(both), method.fuse(both[:, ::-1].copy()))


@pytest.mark.parametrize("name", ["dwt", "swt"])
def test_wavelets_leave_no_veil_on_black_unless_asked(name: str) -> None:
    sources = np.zeros((1, 2, 64, 64), np.float32)
    sources[:, 0, 16:48, 16:48], sources[:, 1, 20:52, 20:52] = 1, 0.6
    far = np.ones((64, 64), bool)
    far[15:53, 15:53] = False
    assert not catalog.load(name, levels=3).fuse(sources)[0, 0][far].any()
    assert catalog.load(name, levels=3, limit=False).fuse(sources)[0, 0][far].max() > 0.01


def test_averaging_every_band_is_the_average() -> None:
    sources = noise(1, 3, 40, 33)
    for name in ("laplacian", "dwt", "swt"):
        fused = catalog.load(name, low="average", high="average").fuse(sources)
        np.testing.assert_allclose(fused, sources.mean(axis=1, keepdims=True), atol=1e-5)


def test_equal_magnitudes_of_opposite_sign_cancel_and_greater_ones_win() -> None:
    bands = np.array([[[3.0, -2.0, 1.0, 0.0]], [[-3.0, 1.0, 1.0, 5.0]]], np.float32)[None]
    np.testing.assert_array_equal(fuse_high(bands, "max-abs")[0, 0, 0], [0, -2, 1, 5])
    np.testing.assert_array_equal(fuse_low(bands, "maximum")[0, 0, 0], [3, 1, 1, 5])
    np.testing.assert_array_equal(fuse_low(bands, "average")[0, 0, 0], [0, -0.5, 1, 2.5])


def test_complex_bands_are_selected_by_magnitude() -> None:
    bands = np.array([3 + 4j, -1 + 0j, 0 - 6j, 2 + 0j], np.complex64).reshape(1, 2, 1, 2)
    np.testing.assert_array_equal(fuse_high(bands, "max-abs").ravel(), [-6j, 2])


def test_the_energy_rule_looks_at_the_neighbourhood() -> None:
    bands = np.zeros((1, 2, 9, 9), np.float32)
    bands[0, 0, 3:6, 3:6] = 1.0
    bands[0, 1, 4, 4] = 1.5
    assert fuse_high(bands, "max-abs")[0, 0, 4, 4] == 1.5
    assert fuse_high(bands, "energy")[0, 0, 4, 4] == 1.0


def test_an_unknown_band_rule_is_refused() -> None:
    with pytest.raises(BadInput, match="low band rule 'median'"):
        fuse_low(noise(1, 2, 4, 4), "median")


def test_the_guided_filter_keeps_an_edge_of_the_guide_and_smooths_elsewhere() -> None:
    guide = np.zeros((1, 1, 32, 64), np.float32)
    guide[..., 32:] = 1
    weight = np.clip(guide + np.random.default_rng(1).normal(0, 0.1, guide.shape), -1, 2).astype(np.float32)
    smooth = guided_filter(weight, guide, 4, 1e-4)
    assert np.abs(smooth - guide).max() < 0.1
    assert np.abs(smooth - guide)[..., 8:-8, :].std() < 0.3 * np.abs(weight - guide).std()


def test_the_guided_filter_method_is_exact_in_a_thin_volume_and_a_picture() -> None:
    for shape in ((30, 41), (3, 30, 41)):
        one = noise(1, 1, *shape)
        np.testing.assert_allclose(catalog.load("guided_filter").fuse(np.repeat(one, 3, 1)), one, atol=1e-6)
