"""Colour differences against scikit-image, flicker against hand-worked volumes, and the generated document."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from MedFusionLib.errors import BadInput
from MedFusionLib.metrics import COLOUR_METRICS, METRICS, VOLUME_METRICS, metric
from MedFusionLib.metrics.colour_difference import ciede2000, difference
from MedFusionLib.metrics.document import markdown
from MedFusionLib.metrics.flicker import flicker
from MedFusionLib.resources import resource


def test_ciede2000_agrees_with_scikit_image():
    random = np.random.default_rng(0)
    one, other = random.random((2, 40, 40, 3))
    other[:20] = np.clip(one[:20] + 0.05 * (other[:20] - 0.5), 0, 1)
    one[0], other[1] = 0.5, 0.25
    bright = random.random((40, 40)) < 0.7
    expected = deltaE_ciede2000(rgb2lab(one), rgb2lab(other))[bright].mean()
    assert ciede2000(one, other, bright) == pytest.approx(expected, rel=1e-3)


# Sharma, Wu and Dalal 2005, table 1: pairs 1, 7, 14, 20, 25 and 34.
PUBLISHED = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, -0.001, 2.49), (50.0, 0.0011, -2.49), 4.7461),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "expected"), PUBLISHED)
def test_ciede2000_gives_the_published_values(one, other, expected):
    assert difference(np.array([one]), np.array([other]))[0] == pytest.approx(expected, abs=1e-4)


def _volumes(seed=0):
    return np.random.default_rng(seed).random((2, 1, 6, 8, 9))


def test_maximum_average_and_copies_do_not_flicker():
    one, other = _volumes()
    sources = np.stack([one, other], 1)
    for fused in (one, np.maximum(one, other), (one + other) / 2):
        assert flicker(fused, sources)[0] == pytest.approx(0.0, abs=1e-12)


def test_flicker_of_slices_that_are_scaled_each_is_the_extra_change():
    still = np.full((1, 4, 5, 5), 0.4)
    ramp = still + np.arange(4)[None, :, None, None] * 0.1
    jumping = still + np.array([0, 0.3, 0, 0.3])[None, :, None, None]
    assert flicker(jumping, np.stack([still, ramp], 1))[0] == pytest.approx(2.0)
    assert flicker(jumping, np.stack([jumping, ramp], 1))[0] == pytest.approx(0.0)
    mask = np.ones_like(still)
    mask[:, 2:] = 0
    half = ramp.copy()
    half[:, 1] += 0.05
    assert flicker(half, np.stack([still, ramp], 1), mask)[0] == pytest.approx(0.5)


def test_flicker_is_for_volumes():
    with pytest.raises(BadInput, match="several slices"):
        flicker(np.ones((1, 8, 8)), np.ones((1, 2, 8, 8)))


def test_what_fools_a_metric_does():
    """Noise raises entropy, the average PSNR, copying mutual information, a stretch VIF, sharpening Nabf's opposite."""
    random = np.random.default_rng(1)
    one, other = np.clip(random.normal(0.5, 0.1, (2, 1, 48, 48)), 0, 1)
    sources = np.stack([one, other], 1)
    tricks = {
        "entropy": (np.clip(one + random.normal(0, 0.1, one.shape), 0, 1), one),
        "psnr": ((one + other) / 2, np.maximum(one, other)),
        "mutual_information": (one, np.maximum(one, other)),
        "vif": (np.clip(0.5 + 1.5 * (np.maximum(one, other) - 0.5), 0, 1), np.maximum(one, other)),
        "spatial_frequency": (np.clip(one + random.normal(0, 0.1, one.shape), 0, 1), one),
    }
    for name, (trick, honest) in tricks.items():
        assert metric(name).function(trick, sources)[0] > metric(name).function(honest, sources)[0], name


def test_every_row_says_what_it_is_and_its_function_says_how():
    for row in (*METRICS.values(), *VOLUME_METRICS.values(), *COLOUR_METRICS.values()):
        assert all((row.title, row.reference, row.fooled_by, row.range))
        assert row.function.__name__ == row.name
        assert row.function.__doc__


def test_the_document_is_up_to_date():
    assert resource("metrics.md").read_text(encoding="utf-8") == markdown()
