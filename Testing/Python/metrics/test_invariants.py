"""What must hold of every metric, whatever the pictures."""

import math

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from MedFusionLib.errors import BadInput
from MedFusionLib.metrics import METRIC_SETS, METRICS, figures, metric, metric_names

BOUNDS = {
    "mutual_information": (0, 16),
    "entropy": (0, 8),
    "nmi": (0, 2),
    "studholme": (1, 2),
    "q_te": (0, np.inf),
    "fmi_pixel": (0, 1),
    "fmi_gradient": (0, 1),
    "fmi_wavelet": (0, 1),
    "ssim": (-2, 2),
    "ssim_uniform": (-2, 2),
    "ms_ssim": (0, 2),
    "q_y": (-1, 1),
    "q_s": (-1, 1),
    "q_c": (-1, 1),
    "mse": (0, 1),
    "psnr": (0, np.inf),
    "correlation": (-1, 1),
    "scd": (-2, 2),
    "qabf": (0, 1),
    "labf": (0, 1),
    "nabf": (0, 1),
    "q_m": (0, 1),
    "q_p": (-1, 1),
    "q_cb": (0, 1),
    "q_cv": (0, np.inf),
    "vif": (0, np.inf),
    "vif_min": (0, np.inf),
    "viff": (0, np.inf),
    "standard_deviation": (0, 127.5),
    "spatial_frequency": (0, np.inf),
    "average_gradient": (0, np.inf),
    "edge_intensity": (0, np.inf),
}
# What a perfect copy of the only source has.
OF_A_COPY = {
    "nmi": 1.0,
    "studholme": 2.0,
    "fmi_pixel": 1.0,
    "fmi_gradient": 1.0,
    "fmi_wavelet": 1.0,
    "ssim": 1.0,
    "ssim_uniform": 1.0,
    "ms_ssim": 1.0,
    "q_y": 1.0,
    "q_s": 1.0,
    "q_c": 1.0,
    "mse": 0.0,
    "psnr": np.inf,
    "correlation": 1.0,
    "scd": 1.0,
    "qabf": 0.9994 / (1 + math.exp(-7.5)) * 0.9879 / (1 + math.exp(-4.4)),
    "nabf": 0.0,
    "q_m": 1.0,
    "q_cb": 1.0,
    "q_cv": 0.0,
    "vif": 1.0,
    "vif_min": 1.0,
    "viff": 1.0,
}


def _pictures(seed, shape, sources=2, batch=1):
    """Smooth 8-bit pictures (fused, sources) with every grey level in use."""
    random = np.random.default_rng(seed)
    fields = gaussian_filter(random.random((batch, sources + 1, *shape)), (0, 0, *(0.8,) * len(shape)))
    low = fields.min(axis=tuple(range(2, fields.ndim)), keepdims=True)
    span = np.ptp(fields, axis=tuple(range(2, fields.ndim)), keepdims=True)
    grey = np.round(255 * (fields - low) / span) / 255
    return grey[:, 0], grey[:, 1:]


# Shrinking would measure hundreds of pictures.
FAST = (Phase.explicit, Phase.reuse, Phase.generate)
SHAPES = st.one_of(
    st.tuples(st.integers(16, 26), st.integers(16, 26)),
    st.tuples(st.integers(9, 13), st.integers(9, 13), st.integers(9, 13)),
)


def test_every_metric_has_bounds_and_there_are_enough_of_them():
    assert set(BOUNDS) == set(METRICS)
    assert len(METRICS) >= 28


@settings(max_examples=8, deadline=None, phases=FAST)
@given(st.integers(0, 2**31), SHAPES)
def test_every_metric_keeps_its_bounds_and_ignores_the_order_of_the_sources(seed, shape):
    fused, sources = _pictures(seed, shape)
    swapped = figures(fused, sources[:, ::-1])
    for name, values in figures(fused, sources).items():
        low, high = BOUNDS[name]
        assert low - 1e-6 <= values[0] <= high + 1e-6, name
        np.testing.assert_allclose(swapped[name], values, rtol=1e-6, atol=1e-9, err_msg=name)


@settings(max_examples=8, deadline=None, phases=FAST)
@given(st.integers(0, 2**31), SHAPES)
def test_a_perfect_copy_of_the_only_source_has_the_best_figure(seed, shape):
    fused, _ = _pictures(seed, shape)
    values = figures(fused, fused[:, None], tuple(OF_A_COPY))
    for name, best in OF_A_COPY.items():
        assert values[name][0] == pytest.approx(best, abs=1e-5), name


@settings(max_examples=6, deadline=None, phases=FAST)
@given(st.integers(0, 2**31), SHAPES)
def test_single_precision_changes_no_figure_by_more_than_one_in_ten_thousand(seed, shape):
    fused, sources = _pictures(seed, shape)
    double = figures(fused, sources)
    for name, values in figures(fused.astype(np.float32), sources.astype(np.float32)).items():
        np.testing.assert_allclose(values, double[name], rtol=1e-4, atol=1e-4, err_msg=name)


@settings(max_examples=8, deadline=None, phases=FAST)
@given(st.integers(0, 2**31), SHAPES)
def test_a_mask_of_ones_is_no_mask(seed, shape):
    fused, sources = _pictures(seed, shape, sources=3)
    masked = figures(fused, sources, mask=np.ones_like(fused))
    for name, values in figures(fused, sources).items():
        np.testing.assert_allclose(masked[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


@settings(max_examples=5, deadline=None, phases=FAST)
@given(st.integers(0, 2**31), SHAPES)
def test_a_batch_is_its_items_and_tensors_are_arrays(seed, shape):
    fused, sources = _pictures(seed, shape, batch=3)
    together = figures(fused, sources)
    tensors = figures(torch.from_numpy(fused), torch.from_numpy(sources))
    alone = [figures(fused[item : item + 1], sources[item : item + 1]) for item in range(3)]
    for name, values in together.items():
        np.testing.assert_allclose([one[name][0] for one in alone], values, rtol=1e-6, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(tensors[name].numpy(), values, rtol=1e-4, atol=1e-6, err_msg=name)


def test_pictures_of_one_grey_raise_nothing_and_a_thin_volume_is_measured():
    flat = np.full((1, 20, 20), 0.5)
    with np.errstate(divide="raise", invalid="raise"):
        figures(flat, np.stack([flat, flat], 1))
    fused, sources = _pictures(1, (1, 24, 24))
    assert all(np.isfinite(values).all() for values in figures(fused, sources).values())


def test_sets_of_metrics_have_names():
    assert metric_names(["panel", "ssim", "entropy"]) == (*METRIC_SETS["panel"], "entropy")
    assert metric_names(["all"]) == tuple(METRICS)
    with pytest.raises(BadInput, match="beauty"):
        metric_names(["beauty"])
    with pytest.raises(BadInput, match="spacing"):
        metric("qabf").function(np.ones((1, 8, 8)), np.ones((1, 1, 8, 8)), None, (1.0, 0.0))
