"""A training from recipe to weights and card."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")

import torch
from made_training import recipe, write_pairs

from MedFusionLib import models
from MedFusionLib.cli import main
from MedFusionLib.errors import Cancelled, MedFusionError
from MedFusionLib.fusion import catalog
from MedFusionLib.training import train
from MedFusionLib.training.checkpoint import NAME, load


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Three series of four pairs."""
    return write_pairs(tmp_path_factory.mktemp("pairs"))


@pytest.fixture(scope="module")
def trained(pairs, tmp_path_factory):
    """A short training of those pairs."""
    return train(recipe(), pairs, tmp_path_factory.mktemp("trained") / "output", device="cpu")


def same(one, other):
    """Whether two files of weights hold equal tensors."""
    first, second = models.load("medfusion", one).state_dict(), models.load("medfusion", other).state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


def test_training_lowers_the_validation_loss(trained):
    losses = [entry["validation"]["loss"] for entry in trained.history]
    assert [entry["step"] for entry in trained.history] == [0, 2, 4, 6]
    assert min(losses) < losses[0]


def test_the_weights_are_those_of_the_best_judgement(pairs, trained):
    from MedFusionLib.networks.catalog import NETWORKS
    from MedFusionLib.training.distributed import World
    from MedFusionLib.training.pictures import read_pictures
    from MedFusionLib.training.step import step_of
    from MedFusionLib.training.validation import judged, validate

    told = recipe()
    device = torch.device("cpu")
    step = step_of(models.load("medfusion", trained.weights), NETWORKS["medfusion"], told, device)
    pictures = judged([read_pictures(told.data[0], pairs, lambda *words: None, {})], told)
    found = validate(step, pictures, World(device), lambda words: None)
    assert found["loss"] == pytest.approx(min(entry["validation"]["loss"] for entry in trained.history), rel=1e-6)


def test_the_weights_are_used_by_a_method(trained):
    method = catalog.load("medfusion", weights=str(trained.weights))
    assert method.fuse(torch.rand(1, 2, 21, 18)).shape == (1, 1, 21, 18)


def test_the_card_tells_data_splits_figures_recipe_seed_and_hash(trained):
    card = models.ModelCard.read(models.card_of(trained.weights))
    assert card.data[0]["terms"] == "made for tests"
    assert card.splits == {"training": ("made: 1", "made: 2"), "validation": ("made: 3",), "test": ()}
    assert card.seed == 5
    assert card.seconds > 0
    assert (trained.weights.parent / card.recipe).is_file()
    for rival in ("figures", "maximum"):
        assert 0 < card.figures["made"][rival]["qabf"]["mean"] < 1
    assert card.figures["validation_loss"] == min(entry["validation"]["loss"] for entry in trained.history)


def test_the_history_is_kept_as_json_and_for_tensorboard(trained):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = trained.weights.parent
    assert json.loads((folder / "history.json").read_text()) == list(trained.history)
    log = EventAccumulator(str(folder / "log")).Reload()
    told = [(event.step, event.value) for event in log.Scalars("validation/loss")]
    assert told == [(entry["step"], pytest.approx(entry["validation"]["loss"])) for entry in trained.history]


def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_last_checkpoint(pairs, tmp_path):
    with pytest.raises(MedFusionError, match="in step"):
        train(recipe(learning_rate=10.0, weight_decay=10.0, steps=200, validate_every=1), pairs, tmp_path / "output",
              device="cpu")
    assert load(tmp_path / "output" / NAME)["standing"]["step"] > 0


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(pairs, trained, tmp_path):
    again = train(recipe(), pairs, tmp_path / "again", device="cpu")
    other = train(recipe(seed=6), pairs, tmp_path / "other", device="cpu")
    assert same(trained.weights, again.weights)
    assert not same(trained.weights, other.weights)


def test_a_cancelled_training_goes_on_to_the_same_weights(pairs, trained, tmp_path):
    def cancel(stage, fraction, message=""):
        if stage == "train" and message.startswith("step 4, "):
            raise Cancelled()

    with pytest.raises(Cancelled, match="step 4"):
        train(recipe(), pairs, tmp_path / "stopped", cancel, device="cpu")
    left = {file.name for file in (tmp_path / "stopped").iterdir()}
    assert left <= {"checkpoint.safetensors", "history.json", "recipe.json", "log"}
    resumed = train(recipe(), pairs, tmp_path / "stopped", resume=True, device="cpu")
    assert same(trained.weights, resumed.weights)
    assert [entry["validation"] for entry in resumed.history] == [entry["validation"] for entry in trained.history]


def test_the_command_trains_with_fewer_steps_and_tells_as_json(pairs, tmp_path, capsys):
    (tmp_path / "recipe.json").write_text(recipe(losses={"ssim": 1}).to_json())
    told = ["train", str(tmp_path / "recipe.json"), "--data", str(pairs), "--output", str(tmp_path / "output")]
    assert main([*told, "--steps", "1", "--device", "cpu", "--progress", "json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["figures"]["steps"] == 1
    assert last["weights"].endswith("medfusion.safetensors")
