"""The common similarity and its derivative, against finite differences and hand-worked histograms."""

from __future__ import annotations

import numpy as np
import pytest
from two_scanners import ct, mr, truth

from MedFusionLib.registration.evidence import Pair
from MedFusionLib.registration.motion import Motion, left_jacobian
from MedFusionLib.registration.settings import Request
from MedFusionLib.registration.similarity import Similarity, information, information_slope


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair.of(Request(ct(), mr()))


def test_two_independent_variables_have_no_information():
    joint = np.outer([1.0, 2.0, 3.0], [4.0, 1.0, 2.0])
    assert information(joint) == pytest.approx(0.0, abs=1e-12)


def test_a_one_to_one_relation_has_the_most_information():
    # H(A) = H(B) = H(A, B), so that NMI is 2.
    assert information(np.diag([1.0, 2.0, 5.0])) == pytest.approx(1.0)


def test_the_slope_of_the_information_is_that_of_finite_differences():
    joint = np.random.default_rng(0).uniform(1, 9, (5, 4))
    expected = np.empty_like(joint)
    for cell in np.ndindex(joint.shape):
        step = np.zeros_like(joint)
        step[cell] = 1e-5
        expected[cell] = (information(joint + step) - information(joint - step)) / 2e-5
    np.testing.assert_allclose(information_slope(joint), expected, atol=1e-9)


def test_the_left_jacobian_is_that_of_finite_differences():
    from scipy.spatial.transform import Rotation

    vector = np.array([0.3, -0.5, 0.2])
    back = Rotation.from_rotvec(vector).inv()
    expected = [(Rotation.from_rotvec(vector + 1e-6 * one) * back).as_rotvec() / 1e-6 for one in np.eye(3)]
    np.testing.assert_allclose(left_jacobian(vector), np.transpose(expected), atol=1e-5)


def test_the_slope_of_the_similarity_is_that_of_finite_differences(pair: Pair):
    measure = Similarity(pair.template, pair.other, 4.0, 20000)
    centre = measure.centre

    def motion(numbers: np.ndarray) -> Motion:
        return Motion(numbers[:3] / measure.radius, numbers[3:], centre)

    here = np.array([2.0, -1.0, 3.0, 4.0, -3.0, 2.0])
    value, slope = measure.slope(motion(here))
    assert value == pytest.approx(measure(motion(here)), abs=1e-6)
    step = 0.02 * np.eye(6)
    expected = [(measure(motion(here + one)) - measure(motion(here - one))) / 0.04 for one in step]
    np.testing.assert_allclose(slope, expected, atol=0.03 * np.abs(slope).max())


def test_the_truth_is_more_similar_than_what_lies_4_mm_beside_it(pair: Pair):
    right = pair.similarity(truth())
    for axis in range(3):
        for way in (-4.0, 4.0):
            beside = truth()
            beside.SetTranslation(np.array(beside.GetTranslation()) + way * np.eye(3)[axis])
            assert pair.similarity(beside) < right


def test_sliding_out_of_the_field_of_view_is_counted_against(pair: Pair):
    measure = Similarity(pair.template, pair.other, 4.0, 5000)
    far = Motion(np.zeros(3), np.array([500.0, 0.0, 0.0]), measure.centre)
    assert measure.joint(far(measure.points))[1] == 0.0
    assert measure(far) < 0
