"""The ways of a training: stopping early, averaging, mixed precision, workers, tuning, volumes, several processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torch")

import phantom
import torch
from made_training import recipe, write_pairs

from MedFusionLib import models
from MedFusionLib.models.card import ModelCard
from MedFusionLib.networks.catalog import NETWORKS
from MedFusionLib.training import checkpoint, train
from MedFusionLib.training.average import Average
from MedFusionLib.training.descent import rate
from MedFusionLib.training.distributed import World
from MedFusionLib.training.pairs import Pair, Pairs
from MedFusionLib.training.pictures import read_pictures
from MedFusionLib.training.sampling import Crops, batches
from MedFusionLib.training.validation import judged, validate

CPU = torch.device("cpu")


def silent(*words):
    """A progress that nobody looks at."""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Three series of four pairs."""
    return write_pairs(tmp_path_factory.mktemp("pairs"))


def test_training_ends_when_nothing_gets_better(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr("MedFusionLib.training.loop.validate", lambda *judged: {"loss": 1.0})
    told = recipe(steps=50, patience=2)
    trained = train(told, pairs, tmp_path / "output", device="cpu")
    assert trained.history[-1]["step"] == 2 * told.validate_every
    assert trained.card.figures["best_step"] == 0


def test_the_running_mean_is_the_sum_that_it_should_be():
    module = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(1.0)
    average = Average(module, 0.9)
    for value in (2.0, 3.0):
        with torch.no_grad():
            module.weight.fill_(value)
        average.update()
    with average.applied():
        assert module.weight.item() == pytest.approx(0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 3)
    assert module.weight.item() == 3.0


@pytest.mark.slow
def test_a_training_with_a_running_mean_resumes_to_the_same_weights(pairs, tmp_path):
    train(recipe(average=0.8, schedule="constant"), pairs, tmp_path / "whole", device="cpu")
    train(recipe(average=0.8, steps=4, schedule="constant"), pairs, tmp_path / "part", device="cpu")
    train(recipe(average=0.8, schedule="constant"), pairs, tmp_path / "part", resume=True, device="cpu")
    ends = [checkpoint.load(tmp_path / name / checkpoint.NAME) for name in ("whole", "part")]
    for kind in ("average", "best"):
        assert all(torch.equal(tensor, ends[1][kind][name]) for name, tensor in ends[0][kind].items())


def test_a_checkpoint_gives_back_what_was_put_in(tmp_path):
    state = {"step": 3, "best": float("inf"), "rate": 0.1, "none": None, "list": [1, torch.arange(3)],
             "state": {0: {"exp": torch.rand(2, 3).bfloat16(), "step": torch.tensor(4.0)}}, "empty": {}}
    checkpoint.save(tmp_path / "state.safetensors", state)
    found = checkpoint.load(tmp_path / "state.safetensors")
    assert torch.equal(found["list"][1], torch.arange(3))
    assert torch.equal(found["state"][0]["exp"], state["state"][0]["exp"])
    for name in ("step", "best", "rate", "none", "empty"):
        assert found[name] == state[name]


@pytest.mark.parametrize(("schedule", "halfway"), [("constant", 1.0), ("linear", 0.5), ("cosine", 0.5)])
def test_the_learning_rate_warms_up_and_falls_as_its_schedule_says(schedule, halfway):
    told = recipe(schedule=schedule, steps=104, warm_up=4)
    assert [rate(told, number) for number in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rate(told, 54) == pytest.approx(halfway)


@pytest.mark.slow
def test_mixed_precision_learns_and_stays_near_full_precision(pairs, tmp_path):
    full, mixed = (train(recipe(precision=precision), pairs, tmp_path / precision, device="cpu").history
                   for precision in ("full", "mixed"))
    assert mixed[-1]["validation"]["loss"] < mixed[0]["validation"]["loss"]
    assert mixed[-1]["validation"]["loss"] == pytest.approx(full[-1]["validation"]["loss"], rel=0.02)
    assert mixed[-1]["validation"]["loss"] != full[-1]["validation"]["loss"]


def test_data_sets_are_judged_by_weight_and_a_loss_by_those_that_have_it():
    plane = np.zeros((4, 4), np.uint8)
    owners = [Pairs(name, (False, False), (), tuple(Pair(str(value), "1", (plane + value, plane), (1.0, 1.0))
                                                    for value in values), weight)
              for name, values, weight in (("grey", (10, 20), 3.0), ("colour", (100,), 1.0), ("seen", (200,), 0.0))]

    class Told:
        """Loses the grey value of the first source; pairs brighter than 50 lose a hue too."""

        def losses(self, batch):
            value = round(float(batch.sources[0, 0].mean()) * 255)
            return {"loss": value, **({"hue": 7.0} if value > 50 else {})}

        def modules(self):
            return {}

    found = validate(Told(), judged(owners, recipe()), World(CPU), silent)
    assert found == {"loss": pytest.approx((3 * 15 + 100) / 4), "hue": 7.0}


def test_crops_are_alike_with_and_without_workers_and_shared_out_among_processes(pairs):
    told = recipe(balanced=True)
    sets = [read_pictures(told.data[0], pairs, silent, {})]
    alone = Crops(sets, told, World(CPU))
    ahead = list(batches(alone, 2, 4, workers=1))
    assert torch.equal(ahead[0].sources, alone[2].sources)
    assert not torch.equal(ahead[0].sources, ahead[1].sources)
    shares = [Crops(sets, told, World(CPU, rank, 2))[2].sources for rank in (0, 1)]
    assert torch.equal(torch.stack(shares, 1).flatten(0, 1), alone[2].sources)


def test_a_crop_is_cut_from_its_picture_and_black_beyond_it(pairs):
    told = recipe(patch=48)
    sets = [read_pictures(told.data[0], pairs, silent, {})]
    sources = Crops(sets, told, World(CPU))[0].sources
    pictures = [np.stack(pair.planes) / 255.0 for pair in sets[0].training]
    assert sources.shape == (4, 2, 48, 48)
    for crop in sources.numpy():
        assert any(np.allclose(crop[:, :40, :40], picture, atol=1e-6) for picture in pictures)
        assert not crop[:, 40:].any()
        assert not crop[:, :, 40:].any()


def test_colour_comes_as_luma_and_rgb_of_the_functional_source(tmp_path):
    write_pairs(tmp_path, colour=True)
    told = recipe()
    sets = [read_pictures(told.data[0], tmp_path, silent, {})]
    batch = Crops(sets, told, World(CPU))[0]
    assert batch.functional == (True, False)
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    assert torch.allclose((batch.colour * weights).sum(1), batch.sources[:, 0], atol=1e-5)


def test_tuning_starts_from_the_weights_given_and_is_never_worse_than_they_were(pairs, tmp_path):
    first = train(recipe(), pairs, tmp_path / "first", device="cpu")
    tuned = train(recipe(start_from=str(first.weights), learning_rate=0.5, steps=2), pairs, tmp_path / "tuned",
                  device="cpu")
    start = tuned.history[0]["validation"]["loss"]
    assert start == pytest.approx(first.card.figures["validation_loss"], rel=1e-6)
    assert tuned.card.figures["validation_loss"] <= start
    assert tuned.card.started_from == str(first.weights)


@pytest.mark.slow
def test_tuning_from_shipped_weights_finds_them(pairs, tmp_path, monkeypatch):
    first = train(recipe(), pairs, tmp_path / "first", device="cpu")
    monkeypatch.setenv("MEDFUSION_MODELS", str(first.weights.parent))
    tuned = train(recipe(start_from="shipped", steps=1), pairs, tmp_path / "tuned", device="cpu")
    assert tuned.history[0]["validation"]["loss"] == pytest.approx(first.card.figures["validation_loss"], rel=1e-6)


def test_weights_stored_in_half_take_half_and_load_as_float32(tmp_path):
    torch.manual_seed(0)
    module = models.weights.build("medfusion")
    row = NETWORKS["medfusion"]
    card = ModelCard("medfusion", "medfusion", "0" * 64, row.parameters, row.options)
    full = models.save(module, card, tmp_path / "full").stat().st_size
    file = models.save(module, card, tmp_path / "half", half=True)
    assert file.stat().st_size < 0.55 * full
    loaded = models.load("medfusion", file)
    for name, tensor in loaded.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, module.state_dict()[name].half().float())


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Two patients, CT and PET of the phantom in a folder each."""
    root = tmp_path_factory.mktemp("patients")
    for number, name in enumerate(("P1", "P2")):
        (root / "cases" / name).mkdir(parents=True)
        for modality, file in (("CT", "CT.nii.gz"), ("PET", "PET_SUV.nii.gz")):
            phantom.volume(modality, seed=number).write(root / "cases" / name / file)
    return root


def of_patients(**changes):
    """A recipe on the patients' volumes."""
    data = {"name": "phantom", "cases": "cases", "volumes": ["CT.nii.gz", "PET_SUV.nii.gz"], "validation": ["P2"]}
    return recipe(data=[data], steps=2, batch=2, **changes)


def test_volumes_are_trained_on_slice_by_slice_through_the_windows_of_a_run(patients, tmp_path):
    from MedFusionLib.training.cases import read_cases

    told = of_patients(patch=24, validate_on=2)
    trained = train(told, patients, tmp_path / "output", device="cpu", cache=tmp_path / "cache")
    assert trained.card.splits["training"] == ("phantom: P1",)
    assert "recoverability" in trained.card.figures["phantom"]["figures"]
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*.npy")}
    sets = read_cases(told.data[0], patients, tmp_path / "cache", 2, silent)
    assert len(kept) == 4
    assert kept == {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*.npy")}
    assert sets.functional == (False, True)
    ct = phantom.volume("CT").array[int(sets.training[5].name.split()[-1])]
    assert np.allclose(sets.training[5].planes[0], np.clip((ct + 160) / 400, 0, 1), atol=2e-3)


def test_volumes_are_trained_on_whole_by_a_network_for_volumes(patients, tmp_path):
    told = of_patients(network="medfusion_3d", patch=[8, 16, 16])
    trained = train(told, patients, tmp_path / "output", device="cpu")
    assert trained.history[-1]["step"] == 2
    assert trained.card.figures["phantom"]["figures"]["qabf"]["series"] == 1


@pytest.mark.slow
def test_two_processes_lose_what_one_does(pairs, tmp_path):
    (tmp_path / "recipe.json").write_text(recipe().to_json())
    command = ["-m", "MedFusionLib", "train", str(tmp_path / "recipe.json"), "--data", str(pairs), "--device", "cpu",
               "--threads", "1", "--progress", "none", "--output"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *command, str(tmp_path / "one")], check=True, env=settings)
    subprocess.run([sys.executable, *torchrun, *command, str(tmp_path / "two")], check=True, env=settings)
    one, two = (json.loads((tmp_path / name / "history.json").read_text()) for name in ("one", "two"))
    assert [entry["step"] for entry in one] == [entry["step"] for entry in two]
    for alone, shared in zip(one, two, strict=True):
        for side in ("train", "validation"):
            assert shared[side] == pytest.approx(alone[side], rel=1e-4)
