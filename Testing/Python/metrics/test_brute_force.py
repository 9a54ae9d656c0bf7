"""Metrics against plain loops over the papers' formulas, in 2-D and 3-D."""

import itertools
import math

import numpy as np
import pytest
from scipy import ndimage
from skimage.metrics import normalized_mutual_information, structural_similarity
from smooth_fields import smooth, triple, value

from MedFusionLib.metrics import figures, metric

SHAPES = [(24, 27), (11, 12, 13)]


def _histograms(one, other):
    joint = np.zeros((256, 256))
    for a, b in zip(np.round(255 * one).ravel(), np.round(255 * other).ravel(), strict=True):
        joint[int(a), int(b)] += 1 / one.size
    return joint, joint.sum(1), joint.sum(0)


def _bits(histogram):
    return -sum(p * math.log2(p) for p in histogram.ravel() if p > 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_normalised_informations_follow_their_formulas(shape):
    fused, *sources = triple(shape)
    hossny = studholme = tsallis = 0.0
    for source in sources:
        joint, rows, columns = _histograms(source, fused)
        information = _bits(rows) + _bits(columns) - _bits(joint)
        hossny += 2 * information / (_bits(rows) + _bits(columns))
        levels = [np.round(255 * picture).astype(int) for picture in (source, fused)]
        studholme += (_bits(rows) + _bits(columns)) / _bits(joint) / 2
        cells = zip(*np.nonzero(joint), strict=True)
        tsallis += (1 - sum(joint[i, j] ** 1.85 / (rows[i] * columns[j]) ** 0.85 for i, j in cells)) / (1 - 1.85)
        assert normalized_mutual_information(*levels, bins=256) == pytest.approx(
            (_bits(rows) + _bits(columns)) / _bits(joint), abs=0.02
        )
    assert value("nmi", fused, *sources) == pytest.approx(hossny, rel=1e-9)
    assert value("studholme", fused, *sources) == pytest.approx(studholme, rel=1e-9)
    assert value("q_te", fused, *sources) == pytest.approx(tsallis, rel=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_error_correlation_and_differences_agree_with_numpy(shape):
    fused, one, other = triple(shape)

    def r(a, b):
        return np.corrcoef(a.ravel(), b.ravel())[0, 1]

    assert value("mse", fused, one, other) == pytest.approx((((fused - one) ** 2 + (fused - other) ** 2) / 2).mean())
    assert value("correlation", fused, one, other) == pytest.approx((r(fused, one) + r(fused, other)) / 2)
    assert value("scd", fused, one, other) == pytest.approx(r(one, fused - other) + r(other, fused - one))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_activity_figures_agree_with_numpy(shape):
    fused, one, other = triple(shape)
    grey = 255 * fused
    differences = [np.diff(grey, axis=axis) for axis in range(fused.ndim)]
    assert value("standard_deviation", fused, one, other) == pytest.approx(grey.std())
    frequency = math.sqrt(sum((change**2).mean() for change in differences))
    assert value("spatial_frequency", fused, one, other) == pytest.approx(frequency)
    gradient = np.sqrt(sum(slope**2 for slope in np.gradient(grey)) / fused.ndim).mean()
    assert value("average_gradient", fused, one, other) == pytest.approx(gradient)
    sobel = np.sqrt(sum(ndimage.sobel(grey, axis, mode="nearest") ** 2 for axis in range(fused.ndim))).mean()
    assert value("edge_intensity", fused, one, other) == pytest.approx(sobel)


def test_thick_slices_weaken_the_differences_across_them():
    ramp = np.broadcast_to(np.arange(6.0)[:, None, None] / 10, (6, 6, 6))[None]
    function = metric("spatial_frequency").function
    assert function(ramp, ramp[:, None], None, (4.0, 1.0, 1.0))[0] == pytest.approx(25.5 / 4)
    assert function(ramp, ramp[:, None], None, (1.0, 1.0, 1.0))[0] == pytest.approx(25.5)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_uniform_ssim_is_what_scikit_image_gives_on_0_to_255(shape):
    fused, *sources = triple(shape)
    expected = sum(structural_similarity(255 * fused, 255 * source, data_range=2.0) for source in sources)
    assert value("ssim_uniform", fused, *sources) == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_multi_scale_ssim_agrees_with_torchmetrics():
    import torch
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as peer

    fused, source = smooth(1, (184, 200), 4), smooth(2, (184, 200), 4)
    source = 0.7 * fused + 0.3 * source
    pair = [torch.from_numpy(picture)[None, None] for picture in (fused, source)]
    expected = float(peer(*pair, data_range=1.0, normalize="relu"))
    assert value("ms_ssim", fused, source) == pytest.approx(expected, abs=5e-3)


def test_multi_scale_ssim_of_a_volume_follows_its_formula():
    fused, source = smooth(1, (24, 26, 23), 3), smooth(2, (24, 26, 23), 3)
    source = 0.6 * fused + 0.4 * source
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
    small = [picture[:, :, :22].reshape(12, 2, 13, 2, 11, 2).mean((1, 3, 5)) for picture in (fused, source)]

    def windows(one, other):
        """Means, variances and covariance at every place of the whole window."""
        taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
        weights = np.einsum("i,j,k->ijk", taps, taps, taps) / taps.sum() ** 3
        for place in itertools.product(*(range(length - 10) for length in one.shape)):
            cut = tuple(slice(start, start + 11) for start in place)
            a, b = one[cut], other[cut]
            x, y = (weights * a).sum(), (weights * b).sum()
            yield (weights * a * a).sum() - x * x, (weights * b * b).sum() - y * y, (weights * a * b).sum() - x * y

    structure = np.mean([(2 * c + 9e-4) / (u + v + 9e-4) for u, v, c in windows(fused, source)])
    _, last = structural_similarity(*small, data_range=1.0, **options)
    powers = np.array([0.0448, 0.2856]) / (0.0448 + 0.2856)
    expected = structure ** powers[0] * last[5:-5, 5:-5, 5:-5].mean() ** powers[1]
    assert value("ms_ssim", fused, source) == pytest.approx(expected, rel=1e-6)


def _similarity(one, other):
    """SSIM of one window, sample moments."""
    u, v = one.var(ddof=1), other.var(ddof=1)
    shared = ((one - one.mean()) * (other - other.mean())).sum() / (one.size - 1)
    above = (2 * one.mean() * other.mean() + 1e-4) * (2 * shared + 9e-4)
    return above / ((one.mean() ** 2 + other.mean() ** 2 + 1e-4) * (u + v + 9e-4)), u, v, shared


@pytest.mark.parametrize("shape", SHAPES)
def test_yang_piella_and_cvejic_follow_their_formulas(shape):
    fused, one, other = triple(shape)
    other = 0.8 * one + 0.2 * other
    yang, piella, cvejic = [], [], []
    for place in itertools.product(*(range(length - 6) for length in shape)):
        cut = tuple(slice(start, start + 7) for start in place)
        a, b, f = one[cut], other[cut], fused[cut]
        alike, u, v, _ = _similarity(a, b)
        (to_a, _, _, with_a), (to_b, _, _, with_b) = _similarity(a, f), _similarity(b, f)
        mean = u / (u + v) * to_a + v / (u + v) * to_b
        piella.append(mean)
        yang.append(mean if alike >= 0.75 else max(to_a, to_b))
        weight = min(max(with_a / (with_a + with_b), 0), 1)
        cvejic.append(weight * to_a + (1 - weight) * to_b)
    assert value("q_y", fused, one, other) == pytest.approx(np.mean(yang), abs=1e-9)
    assert value("q_s", fused, one, other) == pytest.approx(np.mean(piella), abs=1e-9)
    assert value("q_c", fused, one, other) == pytest.approx(np.mean(cvejic), abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_edge_preservation_follows_its_formula(shape):
    fused, *sources = triple(shape)
    slopes = [
        [ndimage.sobel(picture, axis, mode="nearest") for axis in range(len(shape))] for picture in (fused, *sources)
    ]
    kept = lost = invented = total = 0.0
    for place in itertools.product(*(range(length) for length in shape)):
        f, *own = ([slope[place] for slope in picture] for picture in slopes)
        strongest = max(math.hypot(*s) for s in own)
        for s in own:
            g, h = math.hypot(*s), math.hypot(*f)
            strength = min(g, h) / max(g, h) if max(g, h) else 0.0
            if len(shape) == 2:
                upright = [math.copysign(math.pi / 2, v[0]) for v in (s, f)]
                angles = [math.atan(v[0] / v[1]) if abs(v[1]) > 1e-9 else upright[n] for n, v in enumerate((s, f))]
                turn = abs(angles[0] - angles[1])
            else:
                cosine = abs(np.dot(s, f)) / (g * h) if g * h else 0.0
                turn = math.acos(min(cosine, 1.0))
            q = 0.9994 / (1 + math.exp(-15 * (strength - 0.5)))
            q *= 0.9879 / (1 + math.exp(-22 * (1 - turn / (math.pi / 2) - 0.8)))
            kept, total = kept + q * g, total + g
            if h > strongest + 1e-5:
                invented += (1 - q) * g
            else:
                lost += (1 - q) * g
    got = [value(name, fused, *sources) for name in ("qabf", "labf", "nabf")]
    assert got == pytest.approx([kept / total, lost / total, invented / total], abs=2e-6)
    assert sum(got) == pytest.approx(1.0, abs=1e-9)


def _means(picture, taps):
    for axis in range(picture.ndim):
        middle = taps
        while len(middle) > picture.shape[axis]:
            middle = middle[1:-1]
        rows = np.apply_along_axis(lambda row, m=middle: np.convolve(row, m / m.sum(), "valid"), axis, picture)
        picture = rows
    return picture


def _scales(source, fused):
    """The gain, rest and source variance of every window of the four scales (Sheikh and Bovik's program)."""
    a, f = 255 * source, 255 * fused
    for scale in range(1, 5):
        width = 2 ** (5 - scale) + 1
        taps = np.exp(-0.5 * (np.arange(-(width // 2), width // 2 + 1) / (width / 5)) ** 2)
        if scale > 1:
            step = (slice(None, None, 2),) * a.ndim
            a, f = _means(a, taps)[step], _means(f, taps)[step]
        x, y = _means(a, taps), _means(f, taps)
        u = np.maximum(_means(a * a, taps) - x * x, 0)
        v = np.maximum(_means(f * f, taps) - y * y, 0)
        c = _means(a * f, taps) - x * y
        g = c / (u + 1e-10)
        r = v - g * c
        g[u < 1e-10], r[u < 1e-10] = 0, v[u < 1e-10]
        u[u < 1e-10] = 0
        g[v < 1e-10], r[v < 1e-10] = 0, 0
        r[g < 0], g[g < 0] = v[g < 0], 0
        yield g, np.maximum(r, 1e-10), u


@pytest.mark.parametrize("shape", [(48, 50), (20, 21, 22)])
def test_visual_information_follows_the_authors_programs(shape):
    fused, *sources = triple(shape)
    each, han = [], []
    for source in sources:
        above = sum(np.log10(1 + g * g * u / (r + 2)).sum() for g, r, u in _scales(source, fused))
        each.append(above / sum(np.log10(1 + u / 2).sum() for _, _, u in _scales(source, fused)))
    noise = 0.005 * 255 * 255
    for (g, r, u), (h, s, v) in zip(*(list(_scales(source, fused)) for source in sources), strict=True):
        second = (h < g) | ((h == g) & (v > u))
        kept = np.where(second, np.log(1 + h * h * v / (s + noise)), np.log(1 + g * g * u / (r + noise))) + 1e-7
        there = np.where(second, np.log(1 + v / noise), np.log(1 + u / noise)) + 1e-7
        han.append(kept.sum() / there.sum())
    assert value("vif", fused, *sources) == pytest.approx(sum(each), rel=1e-6)
    assert value("vif_min", fused, *sources) == pytest.approx(min(each), rel=1e-6)
    assert value("viff", fused, *sources) == pytest.approx((han[0] + 0.15 * han[2] + han[3]) / 2.15, rel=1e-6)


@pytest.mark.parametrize("shape", [(24, 28), (8, 12, 16)])
def test_wavelet_edges_agree_with_pywavelets(shape):
    import pywt

    fused, *sources = triple(shape)
    made = pywt.wavedecn(255 * fused, "haar", level=2)
    own = [pywt.wavedecn(255 * source, "haar", level=2) for source in sources]
    product = 1.0
    for level, power in ((-1, 2 / 3), (-2, 1 / 3)):
        above = below = 0.0
        for bands in own:
            details = bands[level]
            like = np.mean([np.exp(-np.abs(details[key] - made[level][key])) for key in details], axis=0)
            energy = sum(details[key] ** 2 for key in details)
            above, below = above + (like * energy).sum(), below + energy.sum()
        product *= (above / below) ** power
    assert value("q_m", fused, *sources) == pytest.approx(product, rel=1e-9)


def test_a_volume_is_filtered_across_all_its_slices_alike():
    volume = smooth(5, (70, 66, 65), 2.0)
    expected = np.sqrt(sum(ndimage.sobel(255 * volume, axis, mode="nearest") ** 2 for axis in range(3))).mean()
    assert value("edge_intensity", volume, volume) == pytest.approx(expected)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    other = smooth(6, (70, 66, 65), 2.0)
    assert value("ssim", volume, other) == pytest.approx(structural_similarity(volume, other, **options), abs=1e-6)


def test_figures_of_a_batch_are_those_of_each_function():
    pictures = np.stack([np.stack([smooth(10 * item + n, (32, 33)) for n in range(3)]) for item in range(3)])
    together = figures(pictures[:, 0], pictures[:, 1:])
    for name, values in together.items():
        alone = metric(name).function(pictures[:, 0], pictures[:, 1:])
        np.testing.assert_allclose(values, alone, rtol=1e-9, err_msg=name)
