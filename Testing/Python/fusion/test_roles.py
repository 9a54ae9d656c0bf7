"""Methods that use roles are told which sources have colour; the others are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.roles import tell_roles
from MedFusionLib.intensity import Window
from MedFusionLib.layers import Layer, fuse_grey


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
    assert (fuse_grey(_Functional(), _layers()) == 0.75).all()
    assert (fuse_grey(_Functional(), _layers()[::-1]) == 0.75).all()


def test_a_method_without_roles_stays_itself():
    method = catalog.load("maximum")
    assert tell_roles(method, [False, True]) is method
