"""Feature information, phase congruency and the models of the eye against plain loops over the papers' formulas."""

import itertools
import math

import numpy as np
import pytest
from scipy import ndimage
from smooth_fields import smooth, triple, value

from MedFusionLib.metrics import feature_information, phase_congruency


def _shared(one, other):
    """2 I / (H + H) of two windows by the whole joint distribution, cell by cell (Haghighat's program)."""
    if np.abs(one - other).max() < 1e-12:
        return 1.0
    p, q = ((w - w.min()) / (w - w.min()).sum() if np.ptp(w) else np.full(w.size, 1 / w.size) for w in (one, other))
    correlation = np.corrcoef(p, q)[0, 1] if p.std() and q.std() else 0.0
    rows, columns, index = np.cumsum(p), np.cumsum(q), np.arange(p.size)

    def bound(i, j):
        if i < 0 or j < 0:
            return 0.0
        return min(rows[i], columns[j]) if correlation >= 0 else max(rows[i] + columns[j] - 1, 0.0)

    extreme = np.array(
        [[bound(i, j) - bound(i - 1, j) - bound(i, j - 1) + bound(i - 1, j - 1) for j in index] for i in index]
    )
    spread = [math.sqrt((index**2 * d).sum() - (index * d).sum() ** 2) for d in (p, q)]
    most = (extreme * np.outer(index, index)).sum() - (index * p).sum() * (index * q).sum()
    share = min(1.0, correlation * spread[0] * spread[1] / most) if abs(most) > 1e-12 else 0.0
    joint = share * extreme + (1 - share) * np.outer(p, q)
    seen = (joint > 1e-15) & (np.outer(p, q) > 0)
    information = (joint[seen] * np.log(joint[seen] / np.outer(p, q)[seen])).sum()
    return 2 * information / -sum(x * math.log(x) for x in (*p, *q) if x > 0)


def _loop(fused, source, one_in):
    places = itertools.product(*(range(length // 3) for length in fused.shape))
    windows = [tuple(slice(3 * i, 3 * i + 3) for i in place) for place in places if sum(place) % one_in == 0]
    return np.mean([_shared(source[cut].ravel(), fused[cut].ravel()) for cut in windows])


@pytest.mark.parametrize(("shape", "one_in"), [((26, 31), 4), ((12, 13, 22), 27)])
def test_feature_information_follows_its_formula(shape, one_in):
    import pywt

    fused, *sources = triple(shape)
    assert value("fmi_pixel", fused, *sources) == pytest.approx(
        np.mean([_loop(fused, source, one_in) for source in sources]), rel=1e-7
    )

    def sobel(picture):
        return np.sqrt(sum(ndimage.sobel(picture, axis, mode="nearest") ** 2 for axis in range(picture.ndim)))

    assert value("fmi_gradient", fused, *sources) == pytest.approx(
        np.mean([_loop(sobel(fused), sobel(source), one_in) for source in sources]), rel=1e-7
    )
    even = tuple(slice(0, length // 2 * 2) for length in shape)
    pictures = [picture[even] for picture in (fused, *sources)]
    made, *own = ([*pywt.dwtn(picture, "haar").values()] for picture in pictures)
    expected = np.mean([_loop(f, s, one_in) for bands in own for f, s in zip(made, bands, strict=True)])
    assert value("fmi_wavelet", *pictures) == pytest.approx(expected, rel=1e-6)


def _head(seed, side=96):
    """A structured disc on black, like a slice of a head, in 8 bits."""
    rows, columns = np.indices((side, side)) - side / 2
    return np.where(rows**2 + columns**2 < (0.42 * side) ** 2, smooth(seed, (side, side), 2.0), 0.0)


@pytest.mark.parametrize("name", ["fmi_pixel", "fmi_gradient"])
def test_feature_information_of_some_windows_is_near_that_of_all(name, monkeypatch):
    one, other = _head(1), _head(2)
    fused = np.round(255 * (0.6 * one + 0.4 * other)) / 255
    subsampled = value(name, fused, one, other)
    monkeypatch.setitem(feature_information._ONE_IN, 2, 1)
    shifts = itertools.product(range(3), range(3))
    every = [value(name, *(np.roll(picture, shift, (0, 1)) for picture in (fused, one, other))) for shift in shifts]
    assert subsampled == pytest.approx(np.mean(every), abs=0.02)


def test_turning_the_pictures_changes_no_gradient_information(monkeypatch):
    monkeypatch.setitem(feature_information._ONE_IN, 2, 1)
    one, other = _head(1), _head(2)
    pictures = (np.maximum(one, other), one, other)
    turned = [np.rot90(picture) for picture in pictures]
    assert value("fmi_gradient", *pictures) == pytest.approx(value("fmi_gradient", *turned), abs=0.02)


def _frequencies(shape):
    return np.stack(np.meshgrid(*(np.fft.fftfreq(length) for length in shape), indexing="ij"))


@pytest.mark.parametrize("shape", [(30, 37), (18, 20, 33)])
def test_the_eye_of_chen_and_blum_follows_its_formula(shape):
    fused, *sources = triple(shape)
    squared = (_frequencies(shape) ** 2).sum(0)
    degree = 256 / 15 * np.sqrt(squared)

    def contrast(picture):
        sensitivity = np.exp(-((degree / 15.387) ** 2)) - 0.7622 * np.exp(-((degree / 1.3456) ** 2))
        seen = np.fft.fftn(255 * picture) * sensitivity
        two, four = (np.fft.ifftn(seen * np.exp(-2 * math.pi**2 * s**2 * squared)).real for s in (2, 4))
        c = np.abs(two - four) / np.maximum(np.abs(four), 0.5)
        return np.where(c < 1e-3, 0, c**3 / (c**2 + 1e-4))

    f, a, b = contrast(fused), contrast(sources[0]), contrast(sources[1])
    quality = []
    for x, y, z in zip(f.ravel(), a.ravel(), b.ravel(), strict=True):
        to_a, to_b = (min(x, s) / max(x, s) if max(x, s) else 1.0 for s in (y, z))
        weight = y * y / (y * y + z * z) if y or z else 0.5
        quality.append(weight * to_a + (1 - weight) * to_b)
    assert value("q_cb", fused, *sources) == pytest.approx(np.mean(quality), rel=1e-6)


@pytest.mark.parametrize("shape", [(30, 37), (18, 20, 33)])
def test_the_visible_error_of_chen_and_varshney_follows_its_formula(shape):
    fused, *sources = triple(shape)
    degree = 64 * np.sqrt((_frequencies(shape) ** 2).sum(0))
    sensitivity = 2.6 * (0.0192 + 0.144 * degree) * np.exp(-((0.144 * degree) ** 1.1))
    above = below = 0.0
    for source in sources:
        error = np.fft.ifftn(np.fft.fftn(255 * (source - fused)) * sensitivity).real ** 2
        edges = np.sqrt(sum(ndimage.sobel(source, axis, mode="nearest") ** 2 for axis in range(len(shape))))
        for place in itertools.product(*(range(0, length, 16) for length in shape)):
            cut = tuple(slice(start, start + 16) for start in place)
            above += (edges[cut] ** 5).sum() * error[cut].mean()
            below += (edges[cut] ** 5).sum()
    assert value("q_cv", fused, *sources) == pytest.approx(above / below, rel=1e-9)


def _congruency_maps(picture):
    """Kovesi's phasecong3 as Liu's program of Q_P holds it, with the six directions of the icosahedron in space."""
    shape = picture.shape
    grid = _frequencies(shape)
    radius = np.sqrt((grid**2).sum(0))
    radius.flat[0] = 1.0
    spectrum = np.fft.fftn(255 * picture)
    if len(shape) == 2:
        vectors = [np.array([math.sin(k * math.pi / 6), math.cos(k * math.pi / 6)]) for k in range(6)]
    else:
        golden = (1 + math.sqrt(5)) / 2
        vectors = [np.array(v) / math.hypot(1, golden) for v in
                   [(0, 1, golden), (0, 1, -golden), (1, golden, 0), (1, -golden, 0), (golden, 0, 1), (-golden, 0, 1)]]
    energies, amplitudes_of_all, matrix = 0.0, 0.0, 0.0
    for vector in vectors:
        angle = np.arccos(np.clip(np.tensordot(vector, grid, 1) / radius, -1, 1))
        spread = np.exp(-(angle**2) / (2 * (math.pi / 6 / 1.2) ** 2))
        responses, impulses = [], []
        for scale in range(4):
            gabor = np.exp(-(np.log(radius * 3 * 2.1**scale) ** 2) / (2 * math.log(0.55) ** 2))
            gabor = gabor / (1 + (radius / 0.45) ** 30)
            gabor.flat[0] = 0
            responses.append(np.fft.ifftn(spectrum * gabor * spread))
            impulses.append(np.fft.ifftn(gabor * spread).real * math.sqrt(picture.size))
            if scale == 0:
                finest = (gabor * spread) ** 2
        amplitudes = np.abs(responses)
        even, odd = np.real(responses), np.imag(responses)
        x = np.sqrt(even.sum(0) ** 2 + odd.sum(0) ** 2) + 1e-4
        mean_even, mean_odd = even.sum(0) / x, odd.sum(0) / x
        energy = (even * mean_even + odd * mean_odd - np.abs(even * mean_odd - odd * mean_even)).sum(0)
        power = np.median(amplitudes[0] ** 2) / -math.log(0.5) / finest.sum()
        own = sum((impulse**2).sum() for impulse in impulses)
        shared = sum((one * other).sum() for one, other in itertools.combinations(impulses, 2))
        tau = math.sqrt((2 * power * own + 4 * power * shared) / 2)
        noise = tau * math.sqrt(math.pi / 2) + 2 * math.sqrt((2 - math.pi / 2) * tau**2)
        energy = np.maximum(energy - noise / 1.7, 0)
        width = amplitudes.sum(0) / (amplitudes.max(0) + 1e-4) / 4
        energy = energy / (1 + np.exp(10 * (0.5 - width)))
        energies, amplitudes_of_all = energies + energy, amplitudes_of_all + amplitudes.sum(0)
        congruency = energy / (amplitudes.sum(0) + 1e-4)
        matrix = matrix + congruency[..., None, None] ** 2 * np.outer(vector, vector) * len(shape) / 6
    values = np.linalg.eigvalsh(matrix)
    return energies / (amplitudes_of_all + 1e-4), values[..., -1], values[..., 0]


def _local_correlation(f, other):
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = taps / taps.sum()
    for _ in range(f.ndim - 1):
        window = np.multiply.outer(window, taps / taps.sum())

    def mean(picture):
        return ndimage.correlate(picture, window, mode="constant")

    shared = mean(f * other) - mean(f) * mean(other)
    spread = (mean(f * f) - mean(f) ** 2) * (mean(other * other) - mean(other) ** 2)
    return (shared + 1e-4) / (np.sqrt(np.abs(spread)) + 1e-4)


@pytest.mark.parametrize("shape", [(40, 45), (16, 20, 18)])
def test_phase_congruency_follows_kovesi_and_zhao(shape):
    fused, *sources = triple(shape)
    fused = 0.7 * np.maximum(*sources) + 0.3 * fused
    made, one, other = (_congruency_maps(picture) for picture in (fused, *sources))
    first = one[0] > other[0]
    product, features = 1.0, [one[0] > 0.1, other[0] > 0.1]
    either = features[0] | features[1]
    for f, a, b in zip(made, one, other, strict=True):
        inside = [*features, either]
        maps = [picture * seen for picture, seen in zip((a, b, np.where(first, a, b)), inside, strict=True)]
        likeness = [_local_correlation(f, picture) * seen for picture, seen in zip(maps, inside, strict=True)]
        product *= np.max(likeness, axis=0)[either].mean()
    assert either.any()
    assert not either.all()
    assert value("q_p", fused, *sources) == pytest.approx(product, abs=2e-4)


def test_phase_congruency_of_a_large_volume_is_that_of_half_its_resolution(monkeypatch):
    pictures = [smooth(seed, (32, 34, 36), 2.0) for seed in (1, 2, 3)]
    halved = [picture.reshape(16, 2, 17, 2, 18, 2).mean((1, 3, 5)) for picture in pictures]
    expected = value("q_p", *halved)
    monkeypatch.setattr(phase_congruency, "_LARGE", 32 * 34 * 36 - 1)
    assert value("q_p", *pictures) == pytest.approx(expected, abs=1e-5)


def test_a_copy_keeps_most_of_the_phase_congruency_and_noise_little():
    one, other = _head(1), _head(2)
    noisy = np.clip(one + np.random.default_rng(0).normal(0, 0.1, one.shape), 0, 1)
    assert 0.8 < value("q_p", one, one, other) < 1.0
    assert value("q_p", noisy, one, other) < 0.5


def test_directions_are_spread_evenly():
    from MedFusionLib.metrics.phase_congruency import directions

    for dimensions in (2, 3):
        vectors = np.array(directions(dimensions))
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(dimensions) * 6 / dimensions, atol=1e-9)
