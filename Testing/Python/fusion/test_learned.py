"""Networks as methods: listed whether trained or not, refused without weights, and fusing with them as any other."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from MedFusionLib import Recipe, models, run
from MedFusionLib.cli import main
from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog, learned
from MedFusionLib.fusion.device import OnDevice
from MedFusionLib.fusion.inference import fuse_arrays
from MedFusionLib.models import ModelCard, places, weights
from MedFusionLib.networks.catalog import NETWORKS
from MedFusionLib.pipeline import fitting_methods

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

NAMES = ("medfusion", "medfusion_3d")
SIZES = {"medfusion": (21, 30), "medfusion_3d": (6, 9, 11)}


@pytest.fixture(autouse=True)
def no_weights_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither shipped weights nor those of whoever runs the tests."""
    monkeypatch.setattr(places, "folders", lambda: ())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with random weights of MedFusion's own networks."""
    place = tmp_path_factory.mktemp("models")
    for name in NAMES:
        torch.manual_seed(0)
        card = ModelCard(name, name, "0" * 64, 1, options=NETWORKS[name].options)
        models.save(weights.build(name), card, place)
    return place


def method_of(folder: Path, name: str) -> Any:
    return catalog.load(name, weights=str(folder / f"{name}.safetensors"))


def noise(*shape: int) -> Any:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_every_network_is_listed_with_its_count_and_paper_and_whether_it_is_trained(
        capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == 0
    listed = {card["name"]: card for card in json.loads(capsys.readouterr().out)}
    for name, network in NETWORKS.items():
        assert listed[name]["learned_parameters"] == network.parameters
        assert listed[name]["published_parameters"] == network.published_parameters
        assert network.reference in listed[name]["reference"]
        assert listed[name]["trained"] in (True, False)
    assert listed["maximum"]["trained"] is None


def test_a_network_is_trained_where_its_weights_are_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = NETWORKS["medfusion"]
    assert learned._entry(row).card.trained is False
    assert not catalog.can_run(learned._entry(row).card)
    monkeypatch.setattr(places, "folders", lambda: (folder,))
    assert learned._entry(row).card.trained is True
    assert catalog.can_run(learned._entry(row).card)
    assert catalog.load("medfusion").fuse(noise(1, 2, 8, 8)).shape == (1, 1, 8, 8)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_without_weights_is_refused_in_one_clear_line(name: str) -> None:
    if catalog.missing_packages(catalog.card(name)):
        pytest.skip("its packages are not installed")
    with pytest.raises(BadInput, match=rf"method {name} is not trained: no weights"):
        catalog.load(name)


def test_a_run_is_refused_before_anything_is_aligned(patient: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("MedFusionLib.pipeline.align", lambda *given: pytest.fail("aligned"))
    with pytest.raises(BadInput, match="not trained"):
        run(patient[:2], Recipe(method="medfusion"))


def test_the_record_names_the_weights_by_their_hash_and_where_they_computed(patient: Any, folder: Path) -> None:
    file = folder / "medfusion.safetensors"
    result = run(patient[:2], Recipe(method="medfusion", parameters={"weights": str(file)}, registration="none"))
    told = result.record.fusions[0]
    assert told["weights_sha256"] == sha256(file.read_bytes()).hexdigest()
    assert (told["weights"], told["device"], told["precision"]) == (file.name, "cpu", "full")


def test_all_methods_are_those_that_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    untrained = {card.name for card in catalog.cards() if card.trained is False}
    assert not untrained & set(fitting_methods(2))
    cards = tuple(replace(card, trained=True) if card.name == "medfusion" else card for card in catalog.cards())
    monkeypatch.setattr(catalog, "cards", lambda: cards)
    assert "medfusion" in fitting_methods(2)


@pytest.mark.parametrize("name", NAMES)
def test_a_users_weights_fuse_as_the_network_does(folder: Path, name: str) -> None:
    sources = noise(3, 2, *SIZES[name])
    sources.flags.writeable = False
    method = method_of(folder, name)
    assert method.card.trained
    torch.manual_seed(0)
    with torch.inference_mode():
        expected = weights.build(name).eval()(torch.tensor(sources)).numpy()
    fused = method.fuse(sources)
    assert fused.dtype == np.float32
    np.testing.assert_allclose(fused, expected, atol=1e-5)
    tensor = method.fuse(torch.tensor(sources))
    assert isinstance(tensor, torch.Tensor)
    np.testing.assert_allclose(tensor.numpy(), expected, atol=1e-5)


def test_what_a_user_may_choose_reaches_the_network(folder: Path) -> None:
    card, sources = catalog.card("medfusion"), noise(1, 2, 16, 16)
    file = str(folder / "medfusion.safetensors")
    bounded, free = (learned.Learned(card, file, bound=bound).fuse(sources) for bound in (0.0, 0.25))
    assert np.abs(bounded - free).max() > 0


def test_a_volume_is_fused_slice_by_slice_and_in_tiles(folder: Path) -> None:
    flat, whole = method_of(folder, "medfusion"), method_of(folder, "medfusion_3d")
    sources = noise(2, 5, 9, 150)
    slices = np.stack([flat.fuse(sources[None, :, z])[0, 0] for z in range(5)])
    np.testing.assert_allclose(fuse_arrays(flat, sources), slices, atol=1e-5)
    np.testing.assert_allclose(fuse_arrays(OnDevice(flat, "cpu"), sources), slices, atol=1e-5)
    np.testing.assert_allclose(fuse_arrays(whole, sources, tile=64), fuse_arrays(whole, sources), atol=1e-5)


def test_weights_that_are_not_there_or_of_another_network_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.safetensors"):
        catalog.load("medfusion", weights=str(tmp_path / "none.safetensors"))
    with pytest.raises(BadInput, match="of the network medfusion, not medfusion_3d"):
        catalog.load("medfusion_3d", weights=str(folder / "medfusion.safetensors"))
    with pytest.raises(BadInput):
        catalog.load("medfusion", weights=str(folder))
    with pytest.raises(BadInput):
        catalog.load("medfusion", weights=3)


def test_sources_that_a_network_does_not_take_are_refused(folder: Path) -> None:
    with pytest.raises(BadInput, match="takes 2-D sources"):
        method_of(folder, "medfusion").fuse(noise(1, 2, 4, 4, 4))
    with pytest.raises(BadInput, match="sources, not 1"):
        method_of(folder, "medfusion").fuse(noise(1, 1, 4, 4))


@pytest.mark.parametrize("name", [name for name, row in NETWORKS.items() if row.method == "fusion.learned:Learned"])
def test_every_network_is_saved_and_comes_back_as_a_method(name: str, tmp_path: Path) -> None:
    if catalog.missing_packages(catalog.card(name)):
        pytest.skip("its packages are not installed")
    torch.manual_seed(0)
    network = weights.build(name).eval()
    file = models.save(network, ModelCard(name, name, "0" * 64, 1, options=NETWORKS[name].options), tmp_path)
    method = catalog.load(name, weights=str(file))
    sources = noise(1, method.card.sources[0], *((5, 9, 8) if method.card.dimensions == (3,) else (17, 18)))
    with torch.inference_mode():
        expected = network(torch.tensor(sources)).numpy()
    np.testing.assert_allclose(method.fuse(sources), expected, atol=1e-4)
