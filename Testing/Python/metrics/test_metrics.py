"""The metrics against scikit-image, torchmetrics and hand-worked values, in 2-D and 3-D."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import shannon_entropy
from skimage.metrics import normalized_mutual_information, peak_signal_noise_ratio, structural_similarity

from MedFusionLib.errors import BadInput
from MedFusionLib.metrics import METRICS, metric
from MedFusionLib.metrics.chroma import hue_and_chroma_error

# Families whose filters look farther than a few voxels beyond the mask.
_FAR_SIGHTED = {"visual_information", "multiscale_ssim", "phase_features", "human_vision"}


def _images(seed, *shape, batch=2, sources=2):
    random = np.random.default_rng(seed)
    grey = random.integers(0, 256, (batch, sources + 1, *shape)) / 255.0
    return grey[:, 0], grey[:, 1:]


def _smooth(seed, *shape):
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(np.random.default_rng(seed).random(shape), 2)
    return np.round(255 * (field - field.min()) / np.ptp(field)) / 255


@pytest.mark.parametrize("shape", [(33, 47), (13, 17, 21)])
def test_ssim_agrees_with_scikit_image(shape):
    fused, first, second = (_smooth(seed, *shape) for seed in range(3))
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    expected = sum(structural_similarity(fused, source, **options) for source in (first, second))
    got = metric("ssim").function(fused[None], np.stack([first, second])[None])
    assert got[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_ssim_agrees_with_torchmetrics():
    from torchmetrics.functional.image import structural_similarity_index_measure

    fused, source = _smooth(0, 40, 40), _smooth(1, 40, 40)
    pair = [torch.from_numpy(image)[None, None] for image in (fused, source)]
    _, full = structural_similarity_index_measure(*pair, data_range=1.0, return_full_image=True)
    got = metric("ssim").function(fused[None], source[None, None])
    assert got[0] == pytest.approx(float(full[0, 0, 5:-5, 5:-5].mean()), abs=1e-6)


@pytest.mark.parametrize("shape", [(31, 29), (9, 11, 13)])
def test_psnr_agrees_with_scikit_image(shape):
    fused, sources = _images(0, *shape, sources=1)
    got = metric("psnr").function(fused, sources)
    for item in range(2):
        expected = peak_signal_noise_ratio(sources[item, 0], fused[item], data_range=1.0)
        assert got[item] == pytest.approx(expected, abs=1e-6)


def test_psnr_of_two_sources_uses_the_mean_of_both_errors():
    fused = np.zeros((1, 4, 4))
    sources = np.stack([np.full((4, 4), 0.1), np.full((4, 4), 0.3)])[None]
    assert metric("psnr").function(fused, sources)[0] == pytest.approx(10 * math.log10(1 / 0.05))


@pytest.mark.parametrize("shape", [(31, 29), (9, 11, 13)])
def test_entropy_agrees_with_scikit_image(shape):
    fused, sources = _images(1, *shape)
    got = metric("entropy").function(fused, sources)
    np.testing.assert_allclose(got, [shannon_entropy(np.round(item * 255)) for item in fused], atol=1e-9)


@pytest.mark.parametrize("shape", [(64, 64), (12, 20, 20)])
def test_mutual_information_agrees_with_scikit_image(shape):
    fused, sources = _smooth(3, *shape), _smooth(4, *shape)
    got = metric("mutual_information").function(fused[None], sources[None, None])[0]
    levels = [np.round(image * 255) for image in (fused, sources)]
    joint = np.unique(np.stack(levels).reshape(2, -1), axis=1, return_counts=True)[1] / fused.size
    joint_entropy = -(joint * np.log2(joint)).sum()
    alone = [shannon_entropy(image) for image in levels]
    assert got == pytest.approx(sum(alone) - joint_entropy, abs=1e-9)
    studholme = sum(alone) / joint_entropy
    span = (-0.5, 255.5)
    peer = np.histogram2d(*[image.ravel() for image in levels], bins=256, range=(span, span))[0] / fused.size
    own = -(peer[peer > 0] * np.log2(peer[peer > 0])).sum()
    assert studholme == pytest.approx(sum(alone) / own, abs=1e-6)
    assert normalized_mutual_information(*levels, bins=256) == pytest.approx(studholme, abs=0.01)


def test_mutual_information_of_an_image_with_itself_is_its_entropy():
    fused, _ = _images(2, 25, 25)
    expected = metric("entropy").function(fused, fused[:, None])
    np.testing.assert_allclose(metric("mutual_information").function(fused, fused[:, None]), expected, atol=1e-9)


def test_two_grey_levels_in_equal_parts_have_one_bit():
    fused = np.array([[[0.0, 1.0], [1.0, 0.0]]])
    assert metric("entropy").function(fused, fused[:, None])[0] == pytest.approx(1.0)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("shape", [(20, 24), (12, 14, 16)])
def test_torch_and_numpy_give_the_same(name, shape):
    fused, sources = _images(5, *shape)
    expected = metric(name).function(fused, sources)
    got = metric(name).function(torch.from_numpy(fused), torch.from_numpy(sources))
    assert isinstance(got, torch.Tensor)
    # Phase congruency is in single precision, and each library has transforms of its own.
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-4 if name == "q_p" else 1e-9)


@pytest.mark.parametrize("name", METRICS)
def test_a_mask_of_ones_is_no_mask_and_a_batch_is_its_items(name):
    fused, sources = _images(6, 15, 18, batch=3, sources=3)
    function = metric(name).function
    whole = function(fused, sources)
    np.testing.assert_allclose(function(fused, sources, np.ones_like(fused)), whole, rtol=1e-12)
    alone = [function(fused[item : item + 1], sources[item : item + 1])[0] for item in range(3)]
    np.testing.assert_allclose(whole, alone, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name, row in METRICS.items() if row.family not in _FAR_SIGHTED])
def test_what_lies_outside_the_mask_does_not_count(name):
    fused, sources = _images(7, 40, 40, batch=1)
    mask = np.zeros((1, 40, 40))
    mask[:, 12:25, 12:25] = 1
    changed = fused.copy()
    changed[:, 34:, :] = 0.5
    function = metric(name).function
    assert function(changed, sources, mask)[0] == pytest.approx(function(fused, sources, mask)[0], rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 14), st.integers(2, 14))
def test_bounds_hold_and_the_order_of_sources_does_not_matter(seed, height, width):
    fused, sources = _images(seed, height, width)
    bounds = {"mutual_information": (-1e-9, 16), "ssim": (-2, 2), "psnr": (0, np.inf), "entropy": (0, 8)}
    for name, (low, high) in bounds.items():
        values = metric(name).function(fused, sources)
        assert ((values >= low) & (values <= high)).all()
        np.testing.assert_allclose(metric(name).function(fused, sources[:, ::-1]), values, rtol=1e-9)


def test_ssim_is_undefined_where_no_window_lies_inside_the_mask():
    fused, sources = _images(9, 20, 20, batch=1)
    corner = np.zeros((1, 20, 20))
    corner[:, :3, :3] = 1
    assert math.isnan(metric("ssim").function(fused, sources, corner)[0])


def test_shapes_that_do_not_fit_and_empty_masks_are_refused():
    fused, sources = _images(8, 12, 12)
    with pytest.raises(BadInput, match="do not fit"):
        metric("psnr").function(fused, sources[..., :-1])
    with pytest.raises(BadInput, match="empty"):
        metric("psnr").function(fused, sources, np.zeros_like(fused))
    with pytest.raises(BadInput, match="ssim"):
        metric("beauty")


def test_the_hue_error_of_a_colour_turned_by_ninety_degrees_is_ninety_degrees():
    from skimage.color import lab2rgb

    wanted = lab2rgb(np.array([[[60.0, 30.0, 0.0]]]))
    made = lab2rgb(np.array([[[60.0, 0.0, 20.0]]]))
    hue, chroma = hue_and_chroma_error(made, wanted, np.ones((1, 1), bool))
    assert hue == pytest.approx(90, abs=0.1)
    assert chroma == pytest.approx(10, abs=0.1)


def test_grey_has_no_hue_to_be_wrong_but_loses_all_chroma():
    wanted = np.zeros((2, 2, 3))
    wanted[..., 0] = 1.0
    hue, chroma = hue_and_chroma_error(np.full((2, 2, 3), 0.3), wanted, np.ones((2, 2), bool))
    assert math.isnan(hue)
    assert chroma == pytest.approx(104.55, abs=0.1)
