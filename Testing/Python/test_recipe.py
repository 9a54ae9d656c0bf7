"""Recipes go to JSON and back, and what is wrong in one is named."""

import json

import pytest

from MedFusionLib.errors import BadInput
from MedFusionLib.recipe import Recipe
from MedFusionLib.registration.settings import RegistrationSettings


def test_a_recipe_survives_json():
    recipe = Recipe(
        method="dwt",
        parameters={"levels": 3},
        registration=RegistrationSettings(method="elastix", transform="affine", samples=5000),
        windows={"CT": "bone", "PET": (0.0, 12.5)},
        combinations=((0, 1), (0, 1, 2)),
        metrics=("ssim",),
        on_rejection="continue",
    )
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_back_end_may_be_given_by_its_name_alone():
    assert Recipe(registration="elastix").settings == RegistrationSettings(method="elastix")
    assert Recipe.from_json('{"registration": "none"}').settings.method == "none"


def test_changing_one_registration_setting_keeps_the_others():
    recipe = Recipe(registration=RegistrationSettings(method="elastix", seed=7)).with_registration(transform="affine")
    assert recipe.settings == RegistrationSettings(method="elastix", seed=7, transform="affine")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"metod": "maximum"}, "Did you mean 'method'"),
        ({"method": 3}, "method = 3 is not text"),
        ({"format": 99}, "format = 99"),
        ([1, 2], "not an object"),
        ({"plane": "diagonal"}, "diagonal"),
        ({"windows": {"CT": [1, "x"]}}, "windows.CT"),
        ({"colour_maps": {"PET": "pink"}}, "pink"),
        ({"combinations": [0, 1]}, "combinations"),
        ({"metrics": ["beauty"]}, "beauty"),
        ({"on_rejection": "shrug"}, "shrug"),
        ({"registration": {"samples": -5}}, "samples = -5"),
        ({"registration": {"transform": "warp"}}, "warp"),
        ({"registration": {"threads": True}}, "threads = True"),
        ({"registration": {"tread": 2}}, "Did you mean 'threads'"),
        ({"registration": {"trust_frame_of_reference": "yes"}}, "neither true nor false"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_a_mend(data, words):
    with pytest.raises(BadInput, match=words):
        Recipe.from_json(json.dumps(data))


def test_a_recipe_that_is_no_json_names_the_line():
    with pytest.raises(BadInput, match="line 2"):
        Recipe.from_json('{"method":\n oops}')


def test_a_missing_recipe_file_is_named(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        Recipe.read(tmp_path / "none.json")
