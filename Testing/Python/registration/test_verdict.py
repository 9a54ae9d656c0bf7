"""The rules of the verdict, each by itself, on evidence made by hand."""

import pytest

from MedFusionLib.registration.evidence import WRONG_WAYS, evidence_name
from MedFusionLib.registration.verdict import judge


def _evidence(**changes):
    good = {
        "overlap_fraction": 0.95,
        "similarity_before": 0.05,
        "similarity_after": 0.09,
        "similarity_elsewhere": 0.09,
        "rotation_deg": 4.0,
        "shift_mm": 6.0,
        "start_agreement_mm": 0.5,
        "functional": 0.0,
        "similarity_compared": 0.1,
        **{evidence_name(way): 0.05 for way in WRONG_WAYS},
    }
    return {**good, **changes}


def test_good_evidence_is_accepted_without_reasons_and_kept():
    verdict = judge(_evidence())
    assert verdict.decision == "accept"
    assert verdict.reasons == ()
    assert verdict.evidence["start_agreement_mm"] == 0.5


@pytest.mark.parametrize(
    ("changes", "decision", "words"),
    [
        ({"start_agreement_mm": 4.0}, "warn", "4.0 mm"),
        ({"start_agreement_mm": 20.0}, "reject", "20.0 mm"),
        ({"overlap_fraction": 0.2}, "reject", "20%"),
        ({"similarity_mirrored_left_right": 0.2}, "reject", "flip"),
        ({"similarity_turned_about_left_right": 0.2}, "reject", "upside down"),
        ({"similarity_after": 0.04}, "reject", "similarity"),
        ({"similarity_elsewhere": 0.2}, "reject", "elsewhere"),
        ({"jacobian_min": -0.1, "jacobian_max": 1.5}, "reject", "folded"),
        ({"jacobian_min": 0.9, "jacobian_max": 7.0}, "warn", "blown up"),
    ],
)
def test_one_bad_sign_is_enough_and_is_named(changes, decision, words):
    verdict = judge(_evidence(**changes))
    assert verdict.decision == decision
    assert words in " ".join(verdict.reasons)


def test_the_worst_reason_stands_first():
    verdict = judge(_evidence(start_agreement_mm=4.0, overlap_fraction=0.1))
    assert verdict.decision == "reject"
    assert "overlap" in verdict.reasons[0]


def test_far_from_where_the_volumes_lie_more_is_asked_than_near():
    near = _evidence(similarity_mirrored_head_foot=0.088)
    far = {**near, "rotation_deg": 29.0, "shift_mm": 400.0}
    assert judge(near).decision == "accept"
    assert judge(far).decision == "warn"


def test_of_a_functional_volume_less_is_asked_but_only_near_where_it_lay():
    blob = _evidence(similarity_mirrored_front_back=0.105, functional=1.0)
    assert judge(blob).decision == "accept"
    assert judge({**blob, "functional": 0.0}).decision == "warn"
    assert judge({**blob, "shift_mm": 60.0}).decision == "reject"
