"""Retention on made cases whose answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from made_layers import PICTURE, VOLUME, layer, noisy, pair, smooth
from scipy.ndimage import gaussian_filter

from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.probes import references
from MedFusionLib.faithfulness.retention import Fuse, Retention, plan_structures, plant
from MedFusionLib.faithfulness.retention import retention as retention_of_plan
from MedFusionLib.faithfulness.structures import SHAPES, place_structures
from MedFusionLib.fusion import catalog
from MedFusionLib.layers import Layer, combine

SHAPES_OF_IMAGES = pytest.mark.parametrize("shape", [PICTURE, VOLUME], ids=["2-D", "3-D"])


def retention(fuse: Fuse, layers: Sequence[Layer], **options) -> Retention:
    """Plan and measure in one step."""
    return retention_of_plan(fuse, plan_structures(layers, **options))


def reference(name: str):
    return partial(combine, next(method for method in references("AB") if method.card.name == name))


@SHAPES_OF_IMAGES
def test_copying_a_source_retains_all_of_it_and_nothing_of_the_other(shape):
    found = retention(reference("copy of A"), pair(shape))
    assert found.of(0) == pytest.approx(1.0, abs=1e-5)
    assert found.of(1) == 0.0


@SHAPES_OF_IMAGES
def test_the_average_retains_about_one_half_of_each_source(shape):
    found = retention(partial(combine, catalog.load("average")), pair(shape))
    assert found.of(0) == pytest.approx(0.5, abs=0.03)
    assert found.of(1) == pytest.approx(0.5, abs=0.03)


@SHAPES_OF_IMAGES
def test_every_shape_and_size_is_planted_in_every_source(shape):
    found = retention(reference("reference average"), pair(shape), radii=(1.0, 2.0))
    for source in (0, 1):
        planted = {(one.shape, one.radius) for one in found.planted if one.source == source}
        assert planted == {(shape, radius) for shape in SHAPES for radius in (1.0, 2.0)}
    assert found.radii == (1.0, 2.0)


def test_small_structures_are_lost_first_where_a_fusion_blurs():
    def blurred_copy(layers: Sequence[Layer]):
        return gaussian_filter(layers[0].grey, 2.0)

    found = retention(blurred_copy, pair(PICTURE), repeats=2)
    small, medium, large = (found.of(0, radius) for radius in found.radii)
    assert small < medium < large < 1.0
    assert small < 0.5


def test_a_stretch_gains_nothing_and_noise_loses():
    layers = pair(PICTURE)

    def stretched(layers: Sequence[Layer]):
        return np.clip(0.5 + 2.0 * (layers[0].grey - 0.45), 0.0, 1.0)

    def with_noise(layers: Sequence[Layer]):
        noise = np.random.default_rng(3).normal(0.0, 0.06, layers[0].grey.shape)
        return layers[0].grey + noise

    assert retention(stretched, layers).of(0) <= 1.05
    expected = 0.02 / np.hypot(0.02, 0.06)
    assert retention(with_noise, layers).of(0) == pytest.approx(expected, abs=0.1)


def test_the_noise_and_sharpening_probes_retain_less_than_the_maximum_that_they_are_made_of():
    layers = [layer(noisy(PICTURE, 1), "A"), layer(np.float32(0.8) * noisy(PICTURE, 2), "B")]
    names = ("reference maximum", "probe noise", "probe sharpen")
    of = {name: retention(reference(name), layers).of(0) for name in names}
    assert of["probe noise"] < 0.8 * of["reference maximum"]
    assert of["probe sharpen"] < of["reference maximum"]


def test_an_inverted_structure_counts_against_a_fusion():
    found = retention(lambda layers: 1.0 - layers[0].grey, pair(PICTURE))
    assert found.of(0) == pytest.approx(-1.0, abs=1e-5)


def test_a_coloured_source_is_retained_whole_by_its_own_picture_and_not_at_all_by_the_other():
    hot = smooth(PICTURE, 5)[..., np.newaxis] * np.array([1.0, 0.5, 0.1], np.float32)
    layers = [layer(noisy(PICTURE, 1), "MR"), layer(hot[..., 0], "PET", hot)]
    copied = retention(lambda layers: layers[1].colour, layers)
    assert copied.of(1) == pytest.approx(1.0, abs=1e-3)
    assert copied.of(0) == 0.0


def test_structures_go_only_where_they_are_asked_for_and_are_the_same_for_a_seed():
    where = np.zeros(PICTURE, bool)
    where[20:80, 30:90] = True
    first = place_structures(where, (2.0,), (0.2,), (1.0, 1.0), seed=4)
    again = place_structures(where, (2.0,), (0.2,), (1.0, 1.0), seed=4)
    assert [one.centre for one in first] == [one.centre for one in again]
    assert len(first) == len(SHAPES)
    for one in first:
        assert where[one.box][one.inside].all()


def test_on_anisotropic_voxels_a_sphere_is_round_in_millimetres():
    spheres = [one for one in place_structures(np.ones(VOLUME, bool), (6.0,), (0.2,), (3.0, 1.0, 1.0), seed=1)
               if one.shape == "sphere"]
    along_z, along_y, along_x = (np.ptp(index) + 1 for index in np.nonzero(spheres[0].inside))
    assert (along_z, along_y, along_x) == (5, 13, 13)


def test_a_planted_structure_has_the_contrast_that_it_should_have():
    plain = layer(np.full(PICTURE, 0.5, np.float32))
    for one in place_structures(np.ones(PICTURE, bool), (3.0,), (0.2,), (1.0, 1.0), seed=2):
        change = plant(plain, [one]).grey - plain.grey
        assert change[one.box][one.inside] == pytest.approx(one.contrast)
        assert np.count_nonzero(change) == one.inside.sum()


def test_without_room_there_is_no_figure_and_a_wrong_spacing_is_refused():
    nowhere = retention(reference("reference average"), pair(PICTURE), where=np.zeros(PICTURE, bool))
    assert isinstance(nowhere, Retention)
    assert np.isnan(nowhere.of(0))
    with pytest.raises(BadInput, match="spacing"):
        retention(reference("reference average"), pair(PICTURE), spacing=(1.0, 1.0, 1.0))
