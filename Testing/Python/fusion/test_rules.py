"""The rules against values worked by hand or by plain numpy loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.activity import local_energy, local_entropy, local_gradient
from MedFusionLib.fusion.filters import box_mean, gaussian_blur
from MedFusionLib.fusion.rules_block import block_mean, spatial_frequency, variance
from MedFusionLib.fusion.rules_principal import first_component


def pair(first: list[float], second: list[float]) -> Any:
    return np.array([[first, second]], np.float32)[:, :, None]


def test_average_maximum_and_minimum_of_known_numbers() -> None:
    sources = pair([0.0, 0.2, 1.0], [0.4, 0.2, 0.5])
    expected = {"average": [0.2, 0.2, 0.75], "maximum": [0.4, 0.2, 1.0], "minimum": [0.0, 0.2, 0.5]}
    for name, values in expected.items():
        np.testing.assert_allclose(catalog.load(name).fuse(sources)[0, 0, 0], values, atol=1e-7)


@pytest.mark.parametrize("given", ["1,3", "1 3", [1, 3], (0.25, 0.75)])
def test_given_weights_are_scaled_to_one(given: Any) -> None:
    fused = catalog.load("weighted", weights=given).fuse(pair([0.0, 0.4], [1.0, 0.8]))
    np.testing.assert_allclose(fused[0, 0, 0], [0.75, 0.7], atol=1e-7)


@pytest.mark.parametrize("given", ["a,b", "-1,2", "0,0", "nan,1", "inf,1"])
def test_weights_that_make_no_sense_are_refused(given: str) -> None:
    with pytest.raises(BadInput, match="weights"):
        catalog.load("weighted", weights=given)


def test_the_wrong_number_of_weights_is_refused() -> None:
    with pytest.raises(BadInput, match="3 weights for 2 sources"):
        catalog.load("weighted", weights="1,2,3").fuse(pair([0.0], [1.0]))


def test_local_energy_is_the_mean_square_of_the_box() -> None:
    image = np.random.default_rng(0).random((1, 1, 7, 9), dtype=np.float32)
    assert local_energy(image, 1)[0, 0, 3, 4] == pytest.approx((image[0, 0, 2:5, 3:6] ** 2).mean(), rel=1e-5)


def test_local_entropy_of_half_black_half_white_is_one_bit() -> None:
    stripes = np.zeros((1, 1, 5, 12), np.float32)
    stripes[..., ::2, :] = 1
    inner = local_entropy(np.repeat(stripes, 2, axis=2), 2)
    share = 2 / 5
    expected = -share * np.log2(share) - (1 - share) * np.log2(1 - share)
    np.testing.assert_allclose(inner[0, 0, 4, 4:8], expected, atol=1e-5)
    assert not local_entropy(np.full((1, 1, 6, 6), 0.3, np.float32), 1).any()


def test_local_gradient_of_a_ramp_is_its_slope() -> None:
    ramp = np.broadcast_to(np.arange(12, dtype=np.float32) * np.float32(0.05), (1, 1, 8, 12)).copy()
    np.testing.assert_allclose(local_gradient(ramp, 1)[0, 0, :, 3:-3], 0.05, rtol=1e-4)


def test_filters_are_the_same_for_numpy_and_torch() -> None:
    torch = pytest.importorskip("torch")
    image = np.random.default_rng(1).random((2, 1, 6, 1, 23), dtype=np.float32)
    for run in (lambda a: box_mean(a, 4), lambda a: gaussian_blur(a, 1.5)):
        np.testing.assert_allclose(run(torch.from_numpy(image)).numpy(), run(image), atol=1e-6)


@pytest.mark.parametrize("name", ["weighted_energy", "weighted_entropy", "weighted_gradient", "weighted_saliency"])
def test_a_source_with_something_to_show_outweighs_a_flat_dark_one(name: str) -> None:
    textured = np.random.default_rng(2).random((24, 24), dtype=np.float32)
    fused = catalog.load(name).fuse(np.stack([textured, np.zeros_like(textured)])[None])[0, 0]
    np.testing.assert_allclose(fused, textured, atol=1e-3)


def test_principal_components_weigh_as_numpy_eigenvectors_do() -> None:
    random = np.random.default_rng(3)
    sources = random.random((2, 3, 20, 20), dtype=np.float32)
    sources[:, 1] = 0.6 * sources[:, 0] + 0.3 * sources[:, 1]
    fused = catalog.load("pca").fuse(sources)
    for item in range(2):
        vectors = np.linalg.eigh(np.cov(sources[item].reshape(3, -1).astype(float)))[1]
        weights = np.abs(vectors[:, -1]) / np.abs(vectors[:, -1]).sum()
        np.testing.assert_allclose(fused[item, 0], np.tensordot(weights, sources[item], 1), atol=1e-5)


def test_principal_components_of_sources_that_cannot_be_ranked_weigh_alike() -> None:
    np.testing.assert_allclose(first_component(np.zeros((1, 2, 2))), 0.5)
    np.testing.assert_allclose(first_component(np.eye(3)[None] * 2.0), 1 / 3)


def test_block_measures_equal_plain_loops_on_whole_blocks() -> None:
    image = np.random.default_rng(4).random((1, 1, 8, 12), dtype=np.float32)
    rows = np.diff(image, axis=2, prepend=image[:, :, :1]) ** 2
    columns = np.diff(image, axis=3, prepend=image[..., :1]) ** 2
    for i in range(2):
        for j in range(3):
            block = np.s_[0, 0, 4 * i:4 * i + 4, 4 * j:4 * j + 4]
            assert block_mean(image, 4)[0, 0, i, j] == pytest.approx(image[block].mean(), rel=1e-5)
            assert variance(image, 4)[0, 0, i, j] == pytest.approx(image[block].var(), rel=1e-4)
            expected = rows[block].mean() + columns[block].mean()
            assert spatial_frequency(image, 4)[0, 0, i, j] == pytest.approx(expected, rel=1e-4)


def test_block_selection_takes_the_sharp_half_of_each_source() -> None:
    sharp = np.random.default_rng(5).random((48, 96), dtype=np.float32)
    soft = np.full_like(sharp, 0.5)
    first, second = sharp.copy(), sharp.copy()
    first[:, 48:], second[:, :48] = soft[:, 48:], soft[:, :48]
    fused = catalog.load("block", feather=0).fuse(np.stack([first, second])[None])[0, 0]
    np.testing.assert_array_equal(fused, sharp)


def test_one_outvoted_block_follows_its_neighbours() -> None:
    sharp = np.random.default_rng(6).random((40, 40), dtype=np.float32)
    dull = np.full_like(sharp, 0.5)
    sharp[16:24, 16:24], dull[16:24, 16:24] = 0.5, sharp[16:24, 16:24]
    fused = catalog.load("block", feather=0).fuse(np.stack([sharp, dull])[None])[0, 0]
    np.testing.assert_array_equal(fused, sharp)


def test_reliability_fades_with_the_distance_to_the_border_of_the_field_of_view() -> None:
    validity = np.ones((1, 2, 20, 60), bool)
    validity[:, 1, :, 40:] = False
    sources = np.zeros((1, 2, 20, 60), np.float32)
    sources[:, 1] = 1
    fused = catalog.load("reliability", ramp=10).fuse(sources, validity=validity)[0, 0, 10]
    depth = np.clip((distance_transform_edt(validity[0, 1])[10] - 0.5) / 10.5, 0, 1)
    np.testing.assert_allclose(fused[:40], (depth / (1 + depth))[:40], atol=1e-2)
    np.testing.assert_allclose(fused[40:], 0, atol=1e-5)
    np.testing.assert_allclose(catalog.load("reliability").fuse(sources), 0.5)
