"""Methods that use roles are told which sources have colour; the others are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from MedFusionLib.colour import luma
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.inference import fuse_planes
from MedFusionLib.fusion.roles import tell_roles
from MedFusionLib.intensity import Window
from MedFusionLib.layers import Layer, fuse_tone, put_colour_back
from MedFusionLib.recolouring import recolour


class _Functional:
    """Shows the green of the functional source, so that what it was told can be seen."""

    card = replace(catalog.card("maximum"), uses_roles=True)

    def fuse(self, sources, functional):
        assert sources.shape[1] == len(functional) + 3
        assert (sources[:, functional.index(True)] == 0.5).all()
        return sources[:, -2:-1]


def _layers():
    grey = np.full((4, 5), 0.25, np.float32)
    colour = np.full((4, 5, 3), (0.25, 0.75, 0.125), np.float32)
    seen, window = np.ones((4, 5), bool), Window("full", 0.0, 1.0)
    return [Layer("MR", grey, seen, window, "grey"), Layer("PET", grey * 2, seen, window, "fire", colour)]


def test_the_layer_with_colour_is_told_to_be_functional_and_its_colour_comes_along():
    assert (fuse_tone(_Functional(), _layers()).luma == 0.75).all()
    assert (fuse_tone(_Functional(), _layers()[::-1]).luma == 0.75).all()


def test_a_method_without_roles_stays_itself():
    method = catalog.load("maximum")
    assert tell_roles(method, [False, True]) is method


class _Pale(_Functional):
    """The brighter source, with colour that is as strong as the functional source is red."""

    card = replace(catalog.card("maximum"), uses_roles=True, dimensions=(2, 3), receptive_field=1)

    def fuse(self, sources, functional):
        return np.concatenate([sources[:, :2].max(1, keepdims=True), sources[:, 2:3]], axis=1)


@pytest.mark.parametrize("plane", ["axial", "coronal", "all", "volume"])
def test_a_method_may_say_how_strong_colour_is_to_be(plane):
    colour = np.random.default_rng(0).random((4, 5, 6, 3)).astype(np.float32)
    seen, window = np.ones((4, 5, 6), bool), Window(0.0, 1.0)
    layers = [Layer("MR", np.full((4, 5, 6), 0.5, np.float32), seen, window, "grey"),
              Layer("PET", luma(colour), seen, window, "fire", colour)]
    tone = fuse_tone(_Pale(), layers, plane)
    np.testing.assert_allclose(tone.luma, np.maximum(luma(colour), 0.5), atol=1e-6)
    np.testing.assert_allclose(tone.strength, colour[..., 0], atol=1e-6)
    expected = recolour(tone.luma, colour, colour[..., 0])
    np.testing.assert_allclose(put_colour_back(tone, layers), 255 * expected, atol=0.51)


def test_blocks_of_a_volume_say_the_strength_that_the_whole_says():
    sources = np.random.default_rng(1).random((5, 70, 66, 68)).astype(np.float32)
    told = tell_roles(_Pale(), [False, True])
    whole, blocks = (fuse_planes(told, sources[:2], None, "volume", tile, beside=sources[2:]) for tile in (None, 64))
    assert whole.shape == (2, 70, 66, 68)
    np.testing.assert_array_equal(blocks, whole)
