"""Invention on made cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from made_layers import PICTURE, VOLUME, smooth

from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.invention import invention
from MedFusionLib.faithfulness.probes import references
from MedFusionLib.faithfulness.structures import place_structures

SHAPES_OF_IMAGES = pytest.mark.parametrize("shape", [PICTURE, VOLUME], ids=["2-D", "3-D"])


def two(shape):
    return np.stack([smooth(shape, 1), smooth(shape, 2)])


@SHAPES_OF_IMAGES
def test_a_structure_that_no_source_has_is_found_twenty_times_of_twenty(shape):
    sources = two(shape)
    found = 0
    for seed in range(20):
        structure = place_structures(np.ones(shape, bool), (2.0,), (0.15,), (1.0,) * len(shape), seed)[seed % 3]
        fused = sources.mean(axis=0)
        fused[structure.box][structure.inside] += structure.contrast
        seen = invention(fused, sources)
        elsewhere = seen.map.copy()
        elsewhere[structure.box] = 0.0
        found += (seen.map[structure.box][structure.inside] > 0).mean() > 0.3 and not elsewhere.any()
    assert found == 20


@SHAPES_OF_IMAGES
def test_copies_and_the_average_invent_nothing(shape):
    sources = two(shape)
    for fused in (sources[0], sources[1], sources.mean(axis=0)):
        seen = invention(fused, sources)
        assert seen.fraction == 0.0
        assert not seen.map.any()


def test_a_structure_of_a_source_is_no_invention_in_the_fused_image():
    sources = two(PICTURE)
    sources[1, 40:60, 40:60] += 0.2
    assert invention(sources[1], sources).fraction == 0.0
    assert invention(sources[1], sources[:1]).fraction > 0.005


def test_a_new_edge_between_levels_is_an_invention_but_a_new_level_is_not():
    sources = two(PICTURE)
    assert invention(sources[0] + 0.2, sources).fraction == 0.0
    fused = sources[0].copy()
    fused[:, 64:] += 0.25
    seen = invention(fused, sources)
    assert seen.edges > 0
    assert not seen.map[:, :55].any()
    assert seen.map[:, 62:66].any(axis=1).all()


def test_noise_and_sharpening_invent_more_than_the_maximum_that_they_are_made_of():
    sources = two(PICTURE)
    sources[0, 30:90, 30:90] += 0.2
    fractions = {method.card.name: invention(method.fuse(sources[None])[0, 0], sources).fraction
                 for method in references("AB")}
    assert fractions["copy of A"] == fractions["copy of B"] == 0.0
    assert fractions["reference maximum"] < 0.02
    assert fractions["probe noise"] > 0.1
    assert fractions["probe sharpen"] > fractions["reference maximum"]


def test_only_the_mask_is_looked_at():
    sources = two(PICTURE)
    fused = sources[0].copy()
    fused[40:50, 40:50] += 0.3
    mask = np.zeros(PICTURE, bool)
    mask[80:, 80:] = True
    assert invention(fused, sources, mask).fraction == 0.0
    assert invention(fused, sources, ~mask).fraction > 0.0


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match="do not fit"):
        invention(np.zeros((4, 5)), np.zeros((2, 4, 4)))
