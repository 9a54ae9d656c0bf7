"""Recoverability on made cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from made_layers import PICTURE, VOLUME, smooth

from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.recoverability import recoverability
from MedFusionLib.recolouring import recolour

SHAPES_OF_IMAGES = pytest.mark.parametrize("shape", [PICTURE, VOLUME], ids=["2-D", "3-D"])


def two(shape, sigma=3.0):
    return np.stack([smooth(shape, 1, sigma), smooth(shape, 2, sigma)])


@SHAPES_OF_IMAGES
def test_of_a_copied_source_all_is_recovered_and_of_the_other_nothing(shape):
    sources = two(shape)
    found = recoverability(sources[0], sources)
    assert found.sources[0] > 0.999
    assert found.sources[1] < 0.2
    assert found.worse == found.sources[1]


@SHAPES_OF_IMAGES
def test_anatomy_in_luma_and_function_in_hue_are_both_recovered(shape):
    anatomy, function = two(shape)
    blue_to_red = np.stack([function, 0.4 * np.ones_like(function), 1.0 - function], axis=-1)
    fused = recolour(anatomy, blue_to_red)
    assert recoverability(fused, np.stack([anatomy, function])).worse > 0.95


@SHAPES_OF_IMAGES
def test_from_a_constant_image_nothing_is_recovered(shape):
    assert recoverability(np.full(shape, 0.5), two(shape)).worse == pytest.approx(0.0, abs=0.1)


def test_more_noise_leaves_less_to_recover():
    sources = two(PICTURE)
    random = np.random.default_rng(0)
    figures = [recoverability(sources[0] + random.normal(0.0, noise, PICTURE), sources[:1]).worse
               for noise in (0.0, 0.05, 0.2)]
    assert figures[0] > figures[1] > figures[2] > 0


def test_a_stretch_hides_nothing_and_an_inversion_neither():
    sources = two(PICTURE)
    assert recoverability(0.5 * sources[0] + 0.2, sources).sources[0] > 0.999
    assert recoverability(1.0 - sources[0], sources).sources[0] > 0.999


def test_noise_cannot_be_learned_by_heart_since_every_block_is_predicted_by_the_others():
    noise = np.random.default_rng(1).random((2, *PICTURE))
    assert recoverability(noise[0], noise[1:]).worse < 0.01


def test_the_figure_of_a_noisy_copy_is_that_of_the_best_linear_predictor():
    """Of 3 x source + noise as strong as that, half of the variance can be predicted."""
    random = np.random.default_rng(2)
    source = random.normal(0.5, 0.1, PICTURE)
    fused = 3.0 * source + random.normal(0.0, 0.3, PICTURE)
    assert recoverability(fused, source[None]).worse == pytest.approx(0.5, abs=0.02)


def test_only_the_mask_is_looked_at():
    sources = two(PICTURE)
    mask = np.zeros(PICTURE, bool)
    mask[20:100, 20:100] = True
    fused = np.where(mask, sources[0], 0.0)
    assert recoverability(fused, sources[:1], mask).worse > 0.97


def test_shapes_that_do_not_fit_and_masks_of_one_block_are_refused():
    sources = two(PICTURE)
    with pytest.raises(BadInput, match="do not fit"):
        recoverability(sources[0][:-1], sources)
    mask = np.zeros(PICTURE, bool)
    mask[:10, :10] = True
    with pytest.raises(BadInput, match="half"):
        recoverability(sources[0], sources, mask)
