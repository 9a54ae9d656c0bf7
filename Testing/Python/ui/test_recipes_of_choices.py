"""Choices become a recipe and come back from it; the same recipe as text for the console."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from MedFusionLib.errors import BadInput
from MedFusionLib.recipe import Recipe
from MedFusionLib.registration.settings import RegistrationSettings
from MedFusionLib.ui.choices import VolumeChoice
from MedFusionLib.ui.presets import presets
from MedFusionLib.ui.python_text import python_text
from MedFusionLib.ui.recipes import choices_from, differences, not_shown, recipe_of
from MedFusionLib.ui.windows import parse_window, window_text


def test_untouched_choices_are_the_default_recipe(pair):
    assert recipe_of(pair).as_dict() == Recipe().as_dict()


def test_every_choice_is_in_the_recipe_and_comes_back(pair):
    chosen = replace(
        pair,
        fixed=replace(pair.fixed, window="brain"),
        moving=(replace(pair.moving[0], window="0 7.5", colours="PET"),),
        registration="simpleitk", transform="affine", preset="far apart", continue_on_rejection=True,
        method="dwt", parameters={"levels": 2}, plane="coronal", device="cpu",
    )
    recipe = recipe_of(chosen)
    assert recipe.windows == {"CT": "brain", "PET": (0.0, 7.5)}
    assert recipe.settings.initial == "moments"
    assert recipe.on_rejection == "continue"
    assert choices_from(Recipe.from_json(recipe.to_json()), pair) == chosen


def test_two_volumes_of_one_name_keep_windows_of_their_own(pair):
    second = VolumeChoice("CT", "node3", "CT", window="bone", shape=(9, 9, 9))
    recipe = recipe_of(replace(pair, fixed=replace(pair.fixed, window="brain"), moving=(second,)))
    assert recipe.windows == {"CT": "brain", "CT-2": "bone"}


def test_windows_by_modality_reach_the_volumes(pair):
    shown = choices_from(Recipe(windows={"PET": "SUV 0-5"}, colour_maps={"PET": "fire"}), pair)
    assert shown.moving[0].window == "SUV 0-5"
    assert shown.moving[0].colours == "fire"


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_known_again(pair, name):
    chosen = replace(pair, preset=name)
    assert choices_from(recipe_of(chosen), pair).preset == name


def test_what_the_panel_cannot_show_is_named():
    recipe = Recipe(combinations=((0, 1),), registration=RegistrationSettings(seed=5))
    assert not_shown(recipe) == ["registration seed", "combinations"]
    assert not_shown(Recipe()) == []


@pytest.mark.parametrize(("text", "window"), [
    ("", None), ("  ", None), ("bone", "bone"), ("-160 240", (-160, 240)), ("0-80", (0, 80)), ("0 - 80", (0, 80)),
    ("-1000, -500", (-1000, -500)), ("[-5; 2.5e1]", (-5, 25)),
])
def test_windows_are_read_as_people_write_them(text, window):
    assert parse_window(text, "CT") == window


@pytest.mark.parametrize("text", ["bones", "5", "5 1", "1 2 3", "nan inf", "1 2 HU", "0 0"])
def test_what_is_no_window_is_refused_with_its_text(text):
    with pytest.raises(BadInput, match="window"):
        parse_window(text, "CT")


@pytest.mark.parametrize("window", [None, "brain", (-160.0, 240.0), (-0.5, 2.25)])
def test_a_window_written_is_read_again(window):
    assert parse_window(window_text(window), "CT") == window


def test_copied_python_is_python_and_says_what_is_chosen(pair):
    chosen = replace(pair, method="dwt", fixed=replace(pair.fixed, name="CT 'of' the \"thigh\""))
    text = python_text(chosen, recipe_of(chosen), {"mask": "Segmentation", "fixedLandmarks": "F"})
    called = {}

    class Logic:
        def fuse(self, fixed, moving, recipe, **more):
            called.update(more, fixed=fixed, moving=moving, recipe=recipe)
            raise InterruptedError

    slicer = SimpleNamespace(util=SimpleNamespace(getNode=lambda name: f"node {name}"))
    body = text.replace("from MedFusion import MedFusionLogic\n", "")
    with pytest.raises(InterruptedError):
        exec(body, {"MedFusionLogic": Logic, "slicer": slicer})
    assert called["fixed"] == "node CT 'of' the \"thigh\""
    assert called["moving"] == ["node PET"]
    assert called["mask"] == "node Segmentation"
    assert called["modalities"] == ["CT", "PET"]
    assert "landmarks" not in called
    assert called["recipe"].as_dict() == recipe_of(chosen).as_dict()


def test_only_what_differs_is_copied(pair):
    chosen = replace(pair, registration="simpleitk")
    assert differences(recipe_of(chosen)) == {"registration": {"method": "simpleitk"}}
    assert differences(Recipe()) == {}
