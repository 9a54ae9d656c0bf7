"""Weights go out and come back the same, and what was damaged, exchanged or made to do harm is refused."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from MedFusionLib import models
from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.models import ModelCard, places, weights

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

NAME = "medfusion"
CARD = ModelCard(NAME, NAME, "0" * 64, 1, data=({"name": "phantoms", "terms": "none"},),
                 splits={"train": ("a", "b")}, recipe="recipe.json", seconds=1.5)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of random weights in a user's folder, the only folder there is."""
    monkeypatch.setenv(places.VARIABLE, str(tmp_path))
    torch.manual_seed(0)
    return models.save(weights.build(NAME), CARD, tmp_path)


def rewrite(file: Path, data: bytes) -> None:
    """Put ``data`` in ``file`` and make the card agree, as someone with bad intent would."""
    file.write_bytes(data)
    card = json.loads(places.card_of(file).read_text())
    places.card_of(file).write_text(json.dumps({**card, "sha256": sha256(data).hexdigest()}))


def change_card(file: Path, **fields: Any) -> None:
    card = json.loads(places.card_of(file).read_text())
    places.card_of(file).write_text(json.dumps({**card, **fields}))


def test_what_was_saved_is_loaded_in_eval_mode_with_its_card(saved: Path) -> None:
    torch.manual_seed(0)
    before = weights.build(NAME).state_dict()
    network = models.load(NAME)
    assert not network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    card = models.check(NAME, saved)
    assert card.parameters == sum(tensor.numel() for tensor in before.values())
    assert card.sha256 == sha256(saved.read_bytes()).hexdigest()
    assert (card.data, card.splits, card.recipe, card.seconds) == (CARD.data, CARD.splits, "recipe.json", 1.5)
    assert sorted(file.name for file in saved.parent.iterdir()) == ["medfusion.json", "medfusion.safetensors"]


def test_the_users_folder_goes_before_that_of_the_library(saved: Path, tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "shipped"
    models.save(weights.build(NAME), CARD, shipped)
    monkeypatch.setattr(places, "resource", lambda name: shipped)
    assert models.find(NAME) == saved
    saved.unlink()
    assert models.find(NAME) == shipped / saved.name
    assert models.find("medfusion_3d") is None


def test_a_network_without_weights_says_that_it_is_not_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "folders", lambda: ())
    with pytest.raises(BadInput, match="not trained: no weights"):
        models.load(NAME)
    with pytest.raises(BadInput, match=r"unknown network 'medfusin'.*medfusion"):
        models.check("medfusin", tmp_path)


class Harm:
    """A pickle of this makes a file when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def test_a_header_whose_length_begins_like_a_pickle_is_read(saved: Path) -> None:
    data = saved.read_bytes()
    length = int.from_bytes(data[:8], "little")
    padded = data[8:8 + length] + b" " * ((0x80 - length) % 0x100)
    rewrite(saved, len(padded).to_bytes(8, "little") + padded + data[8 + length:])
    assert saved.read_bytes().startswith(b"\x80")
    assert len(models.load(NAME).state_dict()) > 1


@pytest.mark.parametrize("dump", [lambda harm, file: torch.save(harm, file),
                                  lambda harm, file: torch.save(harm, file, _use_new_zipfile_serialization=False),
                                  *(lambda harm, file, p=p: file.write_bytes(pickle.dumps(harm, p)) for p in (0, 5))])
def test_a_pickle_is_refused_and_what_it_would_do_is_not_done(saved: Path, tmp_path: Path,
                                                              dump: Callable[[Harm, Path], object]) -> None:
    mark = tmp_path / "mark"
    dump(Harm(mark), saved)
    rewrite(saved, saved.read_bytes())
    with pytest.raises(BadInput, match=r"pickle|no complete"):
        models.load(NAME)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Harm(mark)))
    assert mark.exists()


@pytest.mark.parametrize("keep", [0, 7, 8, 100, -1])
def test_a_truncated_file_is_refused_whether_or_not_its_card_agrees(saved: Path, keep: int) -> None:
    data = saved.read_bytes()[:keep]
    saved.write_bytes(data)
    with pytest.raises(BadInput, match="damaged or was exchanged"):
        models.load(NAME)
    rewrite(saved, data)
    with pytest.raises(BadInput, match="no complete"):
        models.load(NAME)


def test_one_changed_bit_is_found_by_the_hash(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[-5] ^= 1
    saved.write_bytes(data)
    with pytest.raises(BadInput, match="SHA-256"):
        models.load(NAME)


def test_another_models_file_in_its_place_is_refused_with_and_without_its_card(saved: Path, tmp_path: Path) -> None:
    other = models.save(weights.build("medfusion_3d"), ModelCard("medfusion_3d", "medfusion_3d", "0" * 64, 1, options={
        "dimension": 3, "fine": 12, "coarse": 16}), tmp_path / "other")
    saved.write_bytes(other.read_bytes())
    with pytest.raises(BadInput, match="SHA-256"):
        models.load(NAME)
    places.card_of(saved).write_bytes(places.card_of(other).read_bytes())
    with pytest.raises(BadInput, match="weights of the network medfusion_3d, not medfusion"):
        models.load(NAME)


def tampered(tensors: dict[str, Any], how: str) -> dict[str, Any]:
    """``tensors`` changed in one respect."""
    bias = tensors["stem.bias"]
    return {"shape": {**tensors, "stem.bias": bias[:-1].clone()},
            "unknown": {**tensors, "extra": bias.clone()},
            "lacks": {name: tensor for name, tensor in tensors.items() if name != "stem.bias"},
            "finite": {**tensors, "stem.bias": bias * float("nan")}}[how]


@pytest.mark.parametrize("how", ["shape", "unknown", "lacks", "finite"])
def test_tensors_that_are_not_those_of_the_network_are_refused(saved: Path, how: str) -> None:
    tensors = safetensors.load(saved.read_bytes())
    rewrite(saved, safetensors.save(tampered(tensors, how)))
    with pytest.raises(BadInput, match=how):
        models.load(NAME)


@pytest.mark.parametrize(("fields", "words"), [
    ({"options": {"coarse": 10**6}}, "of another size"), ({"parameters": 5}, "of another size"),
    ({"sha256": "abc"}, "no SHA-256"), ({"network": 3}, "not text"), ({"shape": 1}, "no field"),
    ({"format": 2}, "format")])
def test_a_card_that_is_wrong_is_refused_by_field(saved: Path, fields: dict[str, Any], words: str) -> None:
    change_card(saved, **fields)
    with pytest.raises(BadInput, match=words):
        models.check(NAME, saved)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": "medfusion"}', "[" * 100_000])
def test_what_is_no_card_is_refused(saved: Path, text: str) -> None:
    places.card_of(saved).write_text(text)
    with pytest.raises(BadInput, match="card"):
        models.check(NAME, saved)
    places.card_of(saved).unlink()
    with pytest.raises(BadInput, match="no card"):
        models.check(NAME, saved)


def test_without_its_package_the_user_is_told_which(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    for use in (models.load, lambda name: models.check(name, saved)):
        with pytest.raises(MissingDependency, match="need torch"):
            use(NAME)


def test_checking_weights_imports_neither_torch_nor_safetensors(saved: Path) -> None:
    code = (f"import sys; from pathlib import Path; from MedFusionLib import models;"
            f"models.check('{NAME}', Path(sys.argv[1])); print({{'torch', 'safetensors'}} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code, str(saved)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
