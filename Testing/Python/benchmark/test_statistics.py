"""Intervals and tests over patients, against scipy and values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wilcoxon

from MedFusionLib.benchmark.statistics import bootstrap_interval, holm, paired_tests, series_means


def test_holm_gives_the_values_worked_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0)


def test_a_test_that_could_not_be_made_does_not_count_in_the_correction():
    corrected = holm([0.01, float("nan"), 0.04])
    assert corrected[0] == pytest.approx(0.02)
    assert np.isnan(corrected[1])
    assert corrected[2] == pytest.approx(0.04)


def test_means_are_of_each_patients_slices_and_leave_out_what_is_not_a_number():
    assert series_means([1.0, 3.0, 10.0, float("nan")], ["a", "a", "b", "b"]) == {"a": 2.0, "b": 10.0}


def test_the_test_is_wilcoxons_over_patients_not_over_slices():
    random = np.random.default_rng(0)
    series = [f"p{patient}" for patient in range(8) for _ in range(5)]
    base, other = random.normal(size=40), random.normal(0.5, 1.0, 40)
    (found,) = paired_tests("ssim", {"new": list(other)}, "old", list(base), series)
    gaps = (other - base).reshape(8, 5).mean(axis=1)
    assert found.series == 8
    assert found.difference == pytest.approx(gaps.mean())
    assert found.p == pytest.approx(wilcoxon(gaps).pvalue)
    assert found.p == found.p_holm


def test_a_difference_in_every_slice_of_three_patients_is_no_evidence():
    series = [f"p{patient}" for patient in range(3) for _ in range(20)]
    (found,) = paired_tests("ssim", {"new": [1.0] * 60}, "old", [0.0] * 60, series)
    assert found.difference == 1.0
    assert np.isnan(found.p)
    assert np.isnan(found.p_holm)


def test_equal_scores_are_no_difference():
    (found,) = paired_tests("ssim", {"new": [1.0] * 7}, "old", [1.0] * 7, [str(number) for number in range(7)])
    assert found.p == 1.0


def test_the_interval_covers_the_true_mean_as_often_as_it_says_though_slices_are_alike():
    """Patients differ by 1, slices of a patient by 0.1: an interval over slices would miss the mean most times."""
    random = np.random.default_rng(1)
    series = [f"p{patient}" for patient in range(12) for _ in range(10)]
    covered = 0
    for seed in range(100):
        values = np.repeat(random.normal(size=12), 10) + random.normal(0.0, 0.1, 120)
        interval = bootstrap_interval(list(values), series, seed)
        covered += interval.lower <= 0.0 <= interval.upper
    assert 84 <= covered <= 99


def test_of_one_patient_there_is_a_mean_but_no_interval():
    interval = bootstrap_interval([1.0, 2.0], ["a", "a"])
    assert interval.mean == 1.5
    assert np.isnan(interval.lower)
    assert interval.series == 1
    assert np.isnan(bootstrap_interval([float("nan")], ["a"]).mean)
