"""Lesion contrast against values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness.lesion import lesion_contrast


def scene(shape, contrast, noise=0.1):
    """A lesion of ``contrast`` in a background that is +noise and -noise in turn, so that its deviation is known."""
    lesion = np.zeros(shape, bool)
    lesion[tuple(slice(length // 2 - 2, length // 2 + 2) for length in shape)] = True
    sign = np.where(np.indices(shape).sum(axis=0) % 2 == 0, 1.0, -1.0)
    return np.where(lesion, 0.4 + contrast, 0.4 + noise * sign), lesion


@pytest.mark.parametrize("shape", [(40, 40), (30, 30, 30)], ids=["2-D", "3-D"])
def test_the_ratio_is_contrast_over_the_deviation_of_the_surroundings(shape):
    image, lesion = scene(shape, 0.3)
    weaker, _ = scene(shape, 0.15)
    found = lesion_contrast(weaker, [image, weaker], lesion)
    assert found.sources[0] == pytest.approx(3.0, rel=0.02)
    assert found.fused == pytest.approx(1.5, rel=0.02)
    assert found.kept == pytest.approx(0.5, rel=0.02)


def test_a_lesion_that_differs_by_hue_alone_is_seen_in_colour():
    _, lesion = scene((40, 40), 0.3)
    grey = np.full((40, 40), 0.5)
    colour = np.full((40, 40, 3), 0.5)
    colour[lesion] = (0.9, 0.35, 0.2)
    found = lesion_contrast(colour, [grey], lesion)
    assert found.sources == (0.0,)
    assert found.fused > 10
    assert np.isnan(found.kept)


def test_the_surroundings_are_taken_in_millimetres():
    image, lesion = scene((30, 30, 30), 0.3)
    image[:12] += 5.0
    near = lesion_contrast(image, [image], lesion, spacing=(20.0, 1.0, 1.0))
    assert near.fused == pytest.approx(3.0, rel=0.05)
    assert lesion_contrast(image, [image], lesion).fused < 1.0


def test_a_lesion_without_voxels_or_surroundings_is_refused():
    image, lesion = scene((40, 40), 0.3)
    with pytest.raises(BadInput, match="empty"):
        lesion_contrast(image, [image], np.zeros_like(lesion))
    with pytest.raises(BadInput, match="around"):
        lesion_contrast(image, [image], np.ones_like(lesion))
    with pytest.raises(BadInput, match="shape"):
        lesion_contrast(image, [image[:-1]], lesion)
