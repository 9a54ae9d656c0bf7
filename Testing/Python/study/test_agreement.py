"""Statistics of readers against published examples and hand-worked values."""

import numpy as np
import pytest

from MedFusionLib.study.agreement import agreement, fleiss_kappa, intraclass_correlation
from MedFusionLib.study.preference import bradley_terry, win_fractions

# The example by which Shrout and Fleiss (1979), table 2, explain the six forms: six targets, four judges.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
# Fourteen raters, ten subjects, five categories: the worked example most often printed for Fleiss' kappa, 0.210.
RATINGS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
# Baseball of 1987, Agresti, Categorical Data Analysis, table 10.10: wins of the row over the column.
BASEBALL = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ]
)


def test_the_intraclass_correlations_are_those_of_shrout_and_fleiss():
    single, mean = intraclass_correlation(SHROUT_FLEISS)
    assert single == pytest.approx(0.29, abs=0.005)
    assert mean == pytest.approx(0.62, abs=0.005)


def test_kappa_is_that_of_the_worked_example():
    assert fleiss_kappa(RATINGS) == pytest.approx(0.210, abs=0.0005)


def test_kappa_of_two_readers_by_hand():
    # Agreed on 3 of 4 items: P = 3/4; categories hold 5 and 3 of 8 ratings: Pe = 34/64; kappa = (48 - 34) / 30.
    assert fleiss_kappa(np.array([[2, 0], [2, 0], [1, 1], [0, 2]])) == pytest.approx(14 / 30)


def test_readers_who_agree_have_one_and_a_reader_who_is_stricter_lowers_the_icc_only():
    scores = np.array([[1.0, 1.0], [3.0, 3.0], [4.0, 4.0], [2.0, 2.0]])
    same = agreement(scores)
    assert (same.kappa, same.single, same.mean) == pytest.approx((1.0, 1.0, 1.0))
    stricter = agreement(scores + np.array([0.0, 1.0]))
    assert 0.5 < stricter.single < 1.0


def test_items_that_a_reader_left_out_do_not_count():
    scores = np.array([[1.0, 2.0], [3.0, 3.0], [np.nan, 4.0], [5.0, 4.0]])
    assert agreement(scores) == agreement(scores[[0, 1, 3]])
    assert agreement(scores).items == 3


def test_agreement_of_one_reader_or_no_item_is_unknown():
    for scores in (np.array([[1.0], [2.0]]), np.empty((0, 3))):
        found = agreement(scores)
        assert np.isnan([found.kappa, found.single, found.mean]).all()


def test_abilities_are_those_published_for_baseball():
    found = bradley_terry(BASEBALL, prior=0.0)
    np.testing.assert_allclose(found - found[-1], [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0], atol=0.005)


def test_of_two_methods_the_odds_are_the_wins():
    found = bradley_terry(np.array([[0.0, 30.0], [10.0, 0.0]]), prior=0.5)
    assert np.exp(found[0] - found[1]) == pytest.approx(30.5 / 10.5)


def test_a_method_that_wins_all_has_a_finite_ability_and_all_wins():
    wins = np.array([[0, 5, 5], [0, 0, 3], [0, 2, 0]])
    assert np.isfinite(bradley_terry(wins)).all()
    assert list(np.argsort(-bradley_terry(wins))) == [0, 1, 2]
    np.testing.assert_allclose(win_fractions(wins), [1.0, 3 / 10, 2 / 10])
