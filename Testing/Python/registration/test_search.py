"""The search finds a known motion from anywhere near, the same one each time, and can be stopped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from two_scanners import MIDDLE, ct, mr, truth

from MedFusionLib.errors import Cancelled
from MedFusionLib.registration.evidence import Pair, second_search
from MedFusionLib.registration.motion import Motion, distance, rotation_lattice
from MedFusionLib.registration.search import Found, Plan, search
from MedFusionLib.registration.settings import Request
from MedFusionLib.registration.transforms import apply

STARTS = [Motion.none(np.zeros(3))]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair.of(Request(ct(), mr()))


@pytest.fixture(scope="module")
def found(pair: Pair) -> Found:
    return search(pair.template, pair.other, Plan(), STARTS)


def test_a_known_motion_is_found_within_half_a_millimetre(pair: Pair, found: Found):
    points = pair.template.region_points(500, 1)
    miss = pair.mapped(pair.transform(found.motion), points) - pair.mapped(truth(), points)
    assert np.linalg.norm(miss, axis=1).mean() < 0.5


@pytest.mark.slow
def test_an_independent_search_finds_the_same(pair: Pair, found: Found):
    second = second_search(pair, STARTS)
    assert distance(found.motion, second.motion, pair.template.region_points(500, 1)) < 0.5


@pytest.mark.slow
def test_the_result_does_not_depend_on_where_the_moving_volume_started(pair: Pair, found: Found):
    motion = sitk.Euler3DTransform(MIDDLE.tolist(), 0.15, -0.1, 0.12, (15.0, -12.0, 9.0))
    image = sitk.Image(mr().image)
    turn = np.array(motion.GetMatrix()).reshape(3, 3)
    image.SetOrigin(motion.TransformPoint(image.GetOrigin()))
    image.SetDirection((turn @ np.array(image.GetDirection()).reshape(3, 3)).ravel().tolist())
    other = Pair.of(Request(ct(), replace(mr(), image=image)))
    unmoved = pair.transform(found.motion)
    moved = other.transform(search(other.template, other.other, Plan(), STARTS).motion)
    points = np.random.default_rng(0).uniform(-40, 40, (200, 3)) + MIDDLE
    apart = apply(motion, apply(unmoved, points)) - apply(moved, points)
    assert np.linalg.norm(apart, axis=1).mean() < 0.2


@pytest.mark.slow
def test_two_searches_with_one_plan_are_equal_to_the_last_bit(pair: Pair, found: Found):
    again = search(pair.template, pair.other, Plan(), STARTS)
    assert np.array_equal(found.motion.rotation, again.motion.rotation)
    assert np.array_equal(found.motion.shift, again.motion.shift)


def test_a_search_can_be_cancelled(pair: Pair):
    def stop(stage: str, fraction: float, message: str = "") -> None:
        if fraction > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        search(pair.template, pair.other, Plan(), STARTS, stop)


def test_the_rotation_lattice_leaves_no_rotation_far_from_it():
    lattice = rotation_lattice(25.0, 12.0)
    random = np.random.default_rng(0).normal(size=(500, 3))
    inside = random / np.linalg.norm(random, axis=1, keepdims=True) * np.random.default_rng(1).uniform(0, 20, (500, 1))
    nearest = np.linalg.norm(inside[:, np.newaxis] - lattice, axis=2).min(axis=1)
    assert nearest.max() < 8.0
