"""Recipes and data that cannot work are refused before anything is read or written."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

pytest.importorskip("torch")

from made_training import recipe, write_pairs

from MedFusionLib.errors import BadInput
from MedFusionLib.models.weights import build, save
from MedFusionLib.training import DataSet, TrainingRecipe, train
from MedFusionLib.training.series import split

PAIRS = {"name": "made", "a": "a", "b": "b", "validation": ["3"]}


def with_data(**changes):
    """A recipe whose one data set is changed."""
    return {"data": [{**PAIRS, **changes}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "medfuson"}, "network = 'medfuson' is not known"),
        ({"lossess": {}}, "has no field 'lossess'. Did you mean 'losses'"),
        ({"losses": {"ssim": -1}}, "losses.ssim = -1 is out of range"),
        ({"losses": {"ssim": 0}}, "losses all weigh 0"),
        ({"patch": 4}, "patch = 4 is out of range"),
        ({"patch": [16, 32, 32]}, "has 3 edges"),
        ({"patch": 12, "losses": {"retention": 1}}, "patch = 12 is too small for the structures"),
        ({"learning_rate": "fast"}, "learning_rate = 'fast' is no number"),
        ({"warm_up": 6}, "warm_up = 6 of 6 steps"),
        ({"data": []}, "has no data"),
        ({"data": [PAIRS, PAIRS]}, "same name"),
        (with_data(b=""), "neither two folders nor cases"),
        (with_data(functional=[True]), "functional has 1 entries for 2 sources"),
        (with_data(weight=0), "all have the weight 0"),
        (with_data(validation=["41[a:b]"]), "names no series"),
        (with_data(colour_maps={"PET": "red"}), "colour_maps.PET = 'red' is not known"),
        (with_data(windows={"CT": 3}), "windows.CT = 3 is no list"),
        ({"network": "medfusion_3d"}, "is of pictures, MedFusion 3-D takes volumes"),
        ({"network": "swinfusion", "data": [{"name": "three", "cases": "c", "volumes": ["1", "2", "3"]}]},
         "has 3 sources. SwinFusion takes 2"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_with_its_value(changes, words):
    with pytest.raises(BadInput) as caught:
        recipe(**changes)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (with_data(a="nowhere"), "nowhere is not a folder"),
        (with_data(validation=["7"]), "no series '7'. It has 1, 2, 3"),
        (with_data(validation=["3", "1", "2"]), "0 slices for training"),
        (with_data(validation=[]), "0 for validation"),
        (with_data(train=["1", "3"]), "is in both training and validation"),
        (with_data(test=["3[:1]"]), "is in both validation and test"),
        ({"augmentation": "standrd"}, "unknown augmentation 'standrd'"),
        ({"losses": {}}, "has no losses"),
        ({"losses": {"sim": 1}}, "'sim'"),
        ({"step": {"critics": 2}}, "takes nothing under step, not critics"),
        ({"start_from": "nowhere.safetensors"}, "does not exist"),
        ({"data": [{"name": "volumes", "cases": "a", "volumes": ["CT.nii", "MR.nii"], "validation": ["x"]}]},
         "no folder in"),
    ],
)
def test_data_or_choices_that_are_not_there_are_refused_and_nothing_is_written(changes, words, tmp_path):
    write_pairs(tmp_path, slices=2)
    with pytest.raises(BadInput) as caught:
        train(recipe(**changes), tmp_path, tmp_path / "output", device="cpu")
    assert words in str(caught.value)
    assert not (tmp_path / "output").exists()


def test_a_folder_with_something_in_it_is_not_overwritten(tmp_path):
    write_pairs(tmp_path, slices=2)
    with pytest.raises(BadInput, match="is not empty"):
        train(recipe(), tmp_path, tmp_path / "a", device="cpu")


def test_nothing_to_resume_is_said_plainly(tmp_path):
    write_pairs(tmp_path, slices=2)
    with pytest.raises(BadInput, match="does not exist"):
        train(recipe(), tmp_path, tmp_path / "output", resume=True, device="cpu")


def test_a_damaged_checkpoint_and_one_of_another_recipe_are_refused(tmp_path):
    write_pairs(tmp_path, slices=2)
    train(recipe(steps=1), tmp_path, tmp_path / "output", device="cpu")
    with pytest.raises(BadInput, match=r"was made with learning_rate = 0\.003, not 0\.5"):
        train(recipe(learning_rate=0.5), tmp_path, tmp_path / "output", resume=True, device="cpu")
    file = tmp_path / "output" / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(BadInput, match="no complete checkpoint"):
        train(recipe(), tmp_path, tmp_path / "output", resume=True, device="cpu")


def test_pictures_of_a_pair_that_differ_in_size_are_refused(tmp_path):
    from PIL import Image

    write_pairs(tmp_path, slices=2)
    Image.linear_gradient("L").save(tmp_path / "a" / "1001.png")
    with pytest.raises(BadInput, match="the pictures 1001 differ in size"):
        train(recipe(), tmp_path, tmp_path / "output", device="cpu")


def test_pictures_of_test_series_are_not_even_opened(tmp_path):
    write_pairs(tmp_path, series=4, slices=2)
    for side in ("a", "b"):
        for file in (tmp_path / side).glob("4*.png"):
            file.write_text("no picture")
    data = {**PAIRS, "test": ["4"]}
    assert train(recipe(data=[data], steps=1), tmp_path, tmp_path / "output", device="cpu").weights.is_file()
    with pytest.raises(BadInput, match=r"4001\.png"):
        train(recipe(steps=1), tmp_path, tmp_path / "other", device="cpu")


def test_a_recipe_survives_json(tmp_path):
    told = recipe(patch=[32, 24], augmentation="standard", start_from="shipped", average=0.9)
    (tmp_path / "recipe.json").write_text(told.to_json())
    assert TrainingRecipe.read(tmp_path / "recipe.json") == told


def test_a_recipe_says_only_what_it_changes_of_its_base(tmp_path):
    first = recipe(losses={"ssim": 1.0, "gradient": 2.0}, steps=7)
    (tmp_path / "first.json").write_text(first.to_json())
    (tmp_path / "second.json").write_text('{"base": "first.json", "losses": {"ssim": 3.0}, "seed": 5}')
    (tmp_path / "third.json").write_text('{"base": "second.json", "steps": 9, "losses": {"gradient": null}}')
    third = TrainingRecipe.read(tmp_path / "third.json")
    assert third == replace(first, losses={"ssim": 3.0}, seed=5, steps=9)


def test_data_sets_of_a_base_are_changed_by_name_and_others_are_added(tmp_path):
    first = recipe(data=[PAIRS, {**PAIRS, "name": "second"}])
    (tmp_path / "first.json").write_text(first.to_json())
    changes = {"base": "first.json", "data": [{"name": "second", "weight": 2.0}, {**PAIRS, "name": "third"}]}
    (tmp_path / "changed.json").write_text(json.dumps(changes))
    made, second = first.data
    changed = TrainingRecipe.read(tmp_path / "changed.json")
    assert changed.data == (made, replace(second, weight=2.0), replace(made, name="third"))


@pytest.mark.parametrize(("text", "words"), [
    ('{"base": "mine.json"}', r"mine\.json is its own base"),
    ('{"base": "lost.json"}', r"lost\.json"),
    ('{"base": 3}', "base = 3"),
    ('{"base": "list.json"}', "training recipe"),
])
def test_a_base_that_cannot_be_one_is_named(text, words, tmp_path):
    (tmp_path / "mine.json").write_text(text)
    (tmp_path / "list.json").write_text("[1, 2]")
    with pytest.raises(BadInput, match=words):
        TrainingRecipe.read(tmp_path / "mine.json")


def test_series_are_split_as_told_and_a_held_out_series_lends_no_neighbours():
    slices = {"25": [f"25{number:03d}" for number in range(10)], "41": [f"41{number:03d}" for number in range(10)]}
    data = DataSet("PET-MRI", "a", "b", validation=("25[-2:]",), test=("41[-4:]",), train=("25[:6]", "41[:3]"))
    learned, held = split(data, slices)
    assert learned == {f"25{number:03d}" for number in range(6)} | {f"41{number:03d}" for number in range(3)}
    assert held == {"25008", "25009"}
    with pytest.raises(BadInput, match="0 slices for training"):
        split(DataSet("PET-MRI", "a", "b", validation=("25[-2:]",), test=("41[-4:]",)), slices)


def test_weights_beyond_16_bits_are_not_stored_in_half(tmp_path):
    import torch

    from MedFusionLib.models import ModelCard

    module = build("medfusion")
    with torch.no_grad():
        module.sharpness.fill_(1e6)
    with pytest.raises(BadInput, match="sharpness holds numbers beyond 16 bits"):
        save(module, ModelCard("medfusion", "medfusion", "0" * 64, 1), tmp_path, half=True)
    assert not list(tmp_path.iterdir())
