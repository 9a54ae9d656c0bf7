"""Recolouring puts the wanted luma under the kept chroma, and holds hue where colour is made paler or stronger."""

import numpy as np
import pytest

from MedFusionLib.colour import luma, to_lab
from MedFusionLib.metrics.chroma import hue_and_chroma_error
from MedFusionLib.recolouring import HUE_TOLERANCE, recolour


def hues_off(one, other):
    """Degrees by which the CIELAB hues of two pictures differ, where both have colour."""
    first, second = to_lab(one)[..., 1:], to_lab(other)[..., 1:]
    seen = (np.linalg.norm(first, axis=-1) >= 5) & (np.linalg.norm(second, axis=-1) >= 5)
    angles = np.degrees(np.arctan2(first[..., 1], first[..., 0]) - np.arctan2(second[..., 1], second[..., 0]))
    return np.abs((angles + 180) % 360 - 180)[seen]


def test_recolouring_keeps_luma_and_hue_even_where_chroma_must_give_way():
    random = np.random.default_rng(0)
    coloured = random.random((40, 40, 3), dtype=np.float32)
    target = random.random((40, 40), dtype=np.float32)
    mixed = recolour(target, coloured)
    assert mixed.min() >= 0
    assert mixed.max() <= 1
    np.testing.assert_allclose(luma(mixed), target, atol=2e-6)
    wanted = coloured - luma(coloured)[..., None]
    got = mixed - target[..., None]
    cosine = (wanted * got).sum(-1) / (np.linalg.norm(wanted, axis=-1) * np.linalg.norm(got, axis=-1) + 1e-12)
    assert cosine.min() > 0.999


def test_recolouring_with_the_own_luma_changes_nothing():
    coloured = np.random.default_rng(1).random((9, 9, 3), dtype=np.float32)
    np.testing.assert_allclose(recolour(luma(coloured), coloured), coloured, atol=1e-6)


def test_the_strength_of_colour_scales_its_chroma_and_keeps_luma():
    coloured = np.array([[0.5, 0.4, 0.3], [0.2, 0.3, 0.6]], np.float32)
    grey = luma(coloured)

    def size(strength):
        mixed = recolour(grey, coloured, np.full(2, strength, np.float32))
        np.testing.assert_allclose(luma(mixed), grey, atol=1e-6)
        red_and_blue = (mixed - grey[:, np.newaxis])[:, [0, 2]] / [1.402, 1.772]
        return np.linalg.norm(red_and_blue, axis=-1)

    np.testing.assert_array_equal(size(0.0), 0.0)
    np.testing.assert_allclose(size(0.25), size(0.5) / 2, rtol=1e-5)
    np.testing.assert_allclose(size(0.75), size(0.5) * 1.5, rtol=1e-5)


@pytest.mark.parametrize("strength", [0.15, 0.3, 0.5, 0.8])
def test_hue_is_held_where_colour_is_made_paler_or_stronger(strength):
    random = np.random.default_rng(3)
    coloured = random.random((60, 60, 3), dtype=np.float32)
    target = random.uniform(0.05, 0.95, (60, 60)).astype(np.float32)
    grey = target[..., np.newaxis]
    held = hues_off(recolour(target, coloured, np.full((60, 60), strength, np.float32)), coloured)
    scaled = grey + np.float32(2 * strength) * (coloured - luma(coloured)[..., np.newaxis])
    plain = hues_off(recolour(target, scaled), coloured)
    assert held.size > 100
    assert held.mean() < HUE_TOLERANCE
    assert np.quantile(held, 0.95) < 2 * HUE_TOLERANCE
    assert np.quantile(plain, 0.95) > 3 * HUE_TOLERANCE


def test_blue_made_pale_by_brighter_anatomy_stays_blue():
    blue = np.full((4, 4, 3), [0.1, 0.1, 0.9], np.float32)
    bright, everywhere = np.full((4, 4), 0.7, np.float32), np.full((4, 4), True)
    plain = hue_and_chroma_error(recolour(bright, blue), blue, everywhere)[0]
    held = hue_and_chroma_error(recolour(bright, blue, np.full((4, 4), 0.5, np.float32)), blue, everywhere)[0]
    assert held < 7 < 10 < plain


def test_a_colour_kept_as_it_is_is_not_turned():
    coloured = np.random.default_rng(5).random((9, 9, 3), dtype=np.float32)
    same = recolour(luma(coloured), coloured, np.full((9, 9), 0.5, np.float32))
    np.testing.assert_allclose(same, coloured, atol=1e-6)
