"""Training steps that are not plain: adversaries, a classifier of patches, autoencoders, the contourlet's network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from MedFusionLib.errors import BadInput  # noqa: E402
from MedFusionLib.models.weights import build  # noqa: E402
from MedFusionLib.networks.catalog import NETWORKS  # noqa: E402
from MedFusionLib.training.batch import Batch  # noqa: E402
from MedFusionLib.training.classifier_step import sharp_and_blurred  # noqa: E402
from MedFusionLib.training.recipe import DataSet, TrainingRecipe  # noqa: E402
from MedFusionLib.training.step import Step, step_of  # noqa: E402

CPU = torch.device("cpu")
PAIRS = (DataSet("pairs", "a", "b"),)
GANS = {"fusiongan": 32, "ddcgan": 16, "mgmdcgan": 16, "fusegan": 32, "pix2pix": 32}
ADVERSARIAL = pytest.mark.parametrize("name", GANS)


def made(name: str, patch: int, losses: dict[str, float] | None = None, **step: Any) -> Step:
    """The step by which network ``name`` is trained, with fixed random weights."""
    torch.manual_seed(0)
    recipe = TrainingRecipe(name, PAIRS, losses or {}, patch=patch, learning_rate=2e-3, schedule="constant", step=step)
    return step_of(build(name).train(), NETWORKS[name], recipe, CPU)


def pictures(edge: int, batch: int = 2) -> Batch:
    """Smooth bright shapes and stripes, which are something to fuse."""
    ramp = torch.linspace(0.0, 1.0, edge)
    first = ramp.expand(edge, edge)
    second = 0.5 + 0.4 * torch.sin(torch.arange(edge) * 0.9).expand(edge, edge).T
    return Batch(torch.stack((first, second)).expand(batch, 2, edge, edge).contiguous(), (False, False))


def weights(step: Step) -> dict[str, list[Any]]:
    return {name: [parameter.detach().clone() for parameter in module.parameters()]
            for name, module in step.modules().items()}


@ADVERSARIAL
def test_a_step_moves_the_generator_and_its_discriminators(name: str) -> None:
    step = made(name, GANS[name])
    before = weights(step)
    lost = step.train_step(pictures(GANS[name]), 0)
    assert {"loss", "critics", "adversarial", "content"} <= set(lost)
    for module, parameters in weights(step).items():
        assert not all(torch.equal(*pair) for pair in zip(parameters, before[module], strict=True)), module


@ADVERSARIAL
def test_what_is_judged_has_no_adversary_in_it(name: str) -> None:
    step, batch = made(name, GANS[name], {"intensity_maximum": 3.0}), pictures(GANS[name])
    modules = step.modules()
    for module in modules.values():
        module.eval()
    with torch.no_grad():
        first = step.losses(batch)
        for parameter in modules["critics"].parameters():
            parameter.normal_()
        assert step.losses(batch) == first
    assert first["loss"] == pytest.approx(first["content"] + 3.0 * first["intensity_maximum"], rel=1e-5)


def test_both_parts_of_the_papers_loss_can_be_weighed() -> None:
    step, batch = made("pix2pix", 32, {"intensity_maximum": 1.0}, adversarial=0.0, content=0.5), pictures(32)
    lost = step.train_step(batch, 0)
    assert lost["loss"] == pytest.approx(0.5 * lost["content"] + lost["intensity_maximum"], rel=1e-5)
    with pytest.raises(BadInput, match="has no field 'advers'"):
        made("pix2pix", 32, advers=1.0)


def test_adversaries_of_one_gan_learn_to_tell_maps_apart_while_its_content_falls() -> None:
    step, batch = made("fusegan", 32), pictures(32)
    first = step.train_step(batch, 0)
    for number in range(1, 12):
        last = step.train_step(batch, number)
    assert last["content"] < 0.7 * first["content"]
    assert last["critics"] < first["critics"]


def test_an_adversarial_training_goes_on_from_its_state() -> None:
    whole, stopped = made("fusegan", 32), made("fusegan", 32)
    batch = pictures(32)
    for step in (whole, stopped):
        step.train_step(batch, 0)
    resumed = made("fusegan", 32)
    for name, module in stopped.modules().items():
        resumed.modules()[name].load_state_dict(module.state_dict())
    resumed.load_state_dict(stopped.state_dict())
    assert resumed.train_step(batch, 1) == whole.train_step(batch, 1)


def test_pairs_of_patches_are_one_sharp_and_one_blurred_and_the_answer_says_which() -> None:
    busy = torch.rand(3, 2, 48, 48, generator=torch.Generator().manual_seed(1))
    pairs, second = sharp_and_blurred(busy, 40, torch.Generator().manual_seed(2))
    assert pairs.shape == (40, 2, 16, 16)
    spread = pairs.std((2, 3))
    assert torch.equal((spread[:, 1] > spread[:, 0]).long(), second)
    assert 8 < second.sum() < 32
    found = busy.unfold(2, 16, 16).unfold(3, 16, 16).reshape(-1, 16, 16)
    sharp = pairs[torch.arange(40), second]
    assert all((found == patch).all((1, 2)).any() for patch in sharp)


def test_patches_without_anything_to_blur_are_left_out() -> None:
    dark = torch.zeros(1, 1, 32, 32)
    dark[..., :16, :16] = torch.rand(16, 16)
    pairs, _ = sharp_and_blurred(dark, 20, torch.Generator().manual_seed(0))
    assert pairs.std((2, 3)).amax(1).min() > 0.1


def test_the_siamese_network_learns_to_tell_sharp_from_blurred() -> None:
    step = made("siamese", 32, patches=12)
    batch = Batch(torch.rand(2, 2, 48, 48, generator=torch.Generator().manual_seed(3)), (False, False))
    with torch.no_grad():
        before = step.losses(batch)
    for number in range(6):
        step.train_step(batch, number)
    with torch.no_grad():
        after = step.losses(batch)
        assert after == step.losses(batch)
    assert after["loss"] < 0.9 * before["loss"]
    with pytest.raises(BadInput, match="learns to tell sharp from blurred, not ssim"):
        made("siamese", 32, {"ssim": 1.0})


@pytest.mark.parametrize("name", ["densefuse", "dmcfusion"])
def test_an_autoencoder_is_judged_on_single_pictures(name: str) -> None:
    step, batch = made(name, 16, {"intensity": 1.0}), pictures(16)
    network = step.modules()["network"].eval()
    with torch.no_grad():
        singles = batch.sources.flatten(0, 1)[:, None]
        expected = (network.reconstruct(singles) - singles).square().mean().item()
        assert step.losses(batch)["loss"] == pytest.approx(expected, rel=1e-5)
    first = step.train_step(batch, 0)["loss"]
    for number in range(1, 8):
        last = step.train_step(batch, number)["loss"]
    assert last < first


def test_an_autoencoder_gives_the_clean_picture_back() -> None:
    step, batch = made("densefuse", 16, {"intensity": 1.0}), pictures(16)
    worse = replace(batch, sources=torch.zeros_like(batch.sources), clean=batch.sources)
    with torch.no_grad():
        nothing = step.modules()["network"].reconstruct(torch.zeros(1, 1, 16, 16)).expand(4, 1, 16, 16)
        expected = (nothing - batch.sources.flatten(0, 1)[:, None]).square().mean().item()
        assert step.losses(worse)["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_network_of_the_contourlet_is_trained_through_the_transform() -> None:
    step, batch = made("contourlet_cnn", 16, {"gradient_maximum": 1.0}), pictures(16)
    before = weights(step)["network"]
    first = step.train_step(batch, 0)["loss"]
    for number in range(1, 4):
        last = step.train_step(batch, number)["loss"]
    assert last < first
    assert all(not torch.equal(*pair) for pair in zip(weights(step)["network"], before, strict=True))


@pytest.mark.parametrize(("name", "patch", "losses"), [("pix2pix", 32, {}), ("ifcnn", 16, {"intensity_maximum": 1.0})])
def test_from_the_middle_of_a_training_on_normalisation_is_that_of_fusing(
    name: str, patch: int, losses: dict[str, float]
) -> None:
    step, batch = made(name, patch, losses), pictures(patch)
    layer = next(one for one in step.modules()["network"].modules() if isinstance(one, torch.nn.BatchNorm2d))
    for number, moves in ((499, True), (500, False)):
        step.modules()["network"].train()
        before = layer.running_mean.clone()
        step.train_step(batch, number)
        assert torch.equal(layer.running_mean, before) != moves
