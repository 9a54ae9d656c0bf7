"""What the panel decides, without a panel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.card import Parameter
from MedFusionLib.registration.engines import Engine
from MedFusionLib.ui import decisions
from MedFusionLib.ui.choices import Choices, VolumeChoice
from MedFusionLib.ui.decisions import (
    compare_problems,
    planes_for,
    planes_of,
    problems,
    rows_to_show,
    suggested_inputs,
)


def first(choices: Choices) -> str:
    return problems(choices)[0].text


def with_moving(choices: Choices, **changes) -> Choices:
    return replace(choices, moving=(replace(choices.moving[0], **changes),))


def test_a_good_pair_may_be_run(pair):
    assert problems(pair) == []


def test_an_empty_panel_says_which_volumes_are_missing():
    texts = [problem.text for problem in problems(Choices())]
    assert "No fixed volume is chosen" in texts[0]
    assert "No moving volume is chosen" in texts[1]


def test_the_same_volume_twice_is_refused_by_name(pair):
    twice = replace(pair, moving=(pair.fixed,))
    assert first(twice).startswith("Volume 'CT' is chosen twice.")


@pytest.mark.parametrize(("changes", "words"), [
    ({"kind": "label map"}, "is a label map"),
    ({"shape": ()}, "has no voxels"),
    ({"shape": (0, 4, 4)}, "has no voxels"),
    ({"shape": (1, 4, 4)}, "has a single slice"),
    ({"warped": True}, "non-linear transform"),
    ({"window": "bright"}, "window 'bright'"),
    ({"window": "5 1"}, "window '5 1'"),
])
def test_a_volume_that_cannot_work_is_named_with_the_reason(pair, changes, words):
    text = first(with_moving(pair, **changes))
    assert "PET" in text
    assert words in text


@pytest.mark.parametrize(("fixed", "moving", "words"), [
    (None, 4, "Only one of the two point lists"),
    (4, None, "Only one of the two point lists"),
    (4, 5, "4 fixed and 5 moving points"),
    (2, 2, "2 pairs of points are too few"),
])
def test_landmarks_that_are_no_pairs_are_refused(pair, fixed, moving, words):
    assert words in first(replace(pair, fixed_points=fixed, moving_points=moving))


def test_three_pairs_of_landmarks_are_enough(pair):
    assert problems(replace(pair, registration="landmarks", fixed_points=3, moving_points=3)) == []


def test_the_method_landmarks_asks_for_points(pair):
    assert "needs two point lists" in first(replace(pair, registration="landmarks"))


def test_an_engine_of_an_old_scene_that_is_not_known_is_named(pair):
    assert "'ants' is not known" in first(replace(pair, registration="ants"))


def test_a_transform_that_an_engine_lacks_is_told_with_those_it_has(pair, monkeypatch):
    rigid_only = Engine("simpleitk", "", ("rigid",))
    monkeypatch.setitem(decisions.ENGINES, "simpleitk", rigid_only)
    text = first(replace(pair, registration="simpleitk", transform="affine"))
    assert text == "simpleitk has no affine transform. Choose one of rigid."


def test_an_unknown_method_of_an_old_scene_is_told_not_raised(pair):
    assert "no-such-method" in first(replace(pair, method="no-such-method"))


def test_a_parameter_out_of_range_is_told(pair):
    assert "levels = 99" in first(replace(pair, method="laplacian", parameters={"levels": 99}))


@pytest.mark.parametrize("plane", ["", "axial", "all", "volume"])
def test_an_automatic_method_may_be_run_in_every_plane_that_it_offers(pair, plane):
    assert plane in planes_for("auto")
    assert problems(replace(pair, method="auto", plane=plane)) == []


def test_parameters_of_an_automatic_method_are_refused(pair):
    assert "levels" in first(replace(pair, method="auto", parameters={"levels": 2}))


def test_a_method_that_takes_two_volumes_refuses_three(pair, monkeypatch):
    card = replace(catalog.card("maximum"), sources=(2, 2))
    monkeypatch.setattr(decisions.catalog, "card", lambda name: card)
    three = replace(pair, moving=(*pair.moving, VolumeChoice("MR", "node3", "MR", shape=(9, 9, 9))))
    assert "fuses 2 volumes, not 3" in first(replace(three, method="maximum"))


def test_a_network_that_is_not_trained_is_told_unless_weights_are_given(pair, monkeypatch):
    card = replace(catalog.card("maximum"), trained=False, parameters=(Parameter("weights", "", "A file"),))
    monkeypatch.setattr(decisions.catalog, "card", lambda name: card)
    assert "is not trained" in first(replace(pair, method="maximum"))
    assert problems(replace(pair, method="maximum", parameters={"weights": "own.safetensors"})) == []


def test_a_method_for_slices_offers_no_volume():
    card = replace(catalog.card("maximum"), dimensions=(2,))
    assert planes_of(card) == ("", "axial", "coronal", "sagittal", "all")


def test_an_existing_output_must_be_able_to_hold_colour(pair):
    assert "will be in colour" in first(replace(pair, output=VolumeChoice("old", "node9")))
    assert problems(replace(pair, output=VolumeChoice("old", "node9", kind="colour"))) == []


def test_an_input_cannot_be_the_output(pair):
    assert "'PET' is one of the inputs" in first(replace(pair, output=pair.moving[0]))


def test_an_empty_panel_is_filled_with_the_anatomical_volume_fixed(pair):
    mr = VolumeChoice("MR", "node3", "MR")
    assert suggested_inputs([pair.moving[0], mr, pair.fixed]) == [pair.fixed, mr, pair.moving[0]]
    assert suggested_inputs([pair.fixed]) == []
    assert suggested_inputs([mr] * 6) == []


def test_two_grey_volumes_give_a_grey_one(pair):
    grey = with_moving(pair, colours="grey")
    assert not grey.is_coloured
    assert pair.is_coloured


def test_a_comparison_needs_two_methods(pair):
    assert "1 methods are ticked" in compare_problems(replace(pair, compare_methods=("maximum",)))[0].text
    assert compare_problems(replace(pair, compare_methods=("maximum", "average"))) == []


@pytest.mark.parametrize(("filled", "shown"), [
    ([False] * 4, 1),
    ([True, False, False, False], 2),
    ([False, True, False, False], 3),
    ([True] * 4, 4),
])
def test_a_row_appears_when_the_one_before_is_filled(filled, shown):
    assert rows_to_show(filled) == shown


@pytest.mark.parametrize(("change", "word"), [({"plane": "diagonal"}, "diagonal"), ({"device": "abacus"}, "abacus")])
def test_a_choice_that_another_version_has_saved_is_told_not_raised(pair, change, word):
    assert word in problems(replace(pair, **change))[0].text
