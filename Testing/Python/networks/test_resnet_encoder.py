"""The ResNet encoder tuned for fusion: the published half of a ResNet-18, a decoder, and its own training step."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import unmoved  # noqa: E402

from MedFusionLib.errors import BadInput  # noqa: E402
from MedFusionLib.training.encoder_step import fill  # noqa: E402


def learned(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_encoder_has_the_numbers_of_resnet_18_up_to_conv3() -> None:
    # torchvision's resnet18: 11,689,512 in all, of which layer3 2,099,712, layer4 8,393,728 and fc 513,000.
    assert learned(build("resnet_encoder").encoder) == 11_689_512 - 2_099_712 - 8_393_728 - 513_000


def test_the_decoder_has_the_layers_that_the_module_names() -> None:
    network = build("resnet_encoder")
    climb = sum(9 * a * b + b for a, b in ((192, 64), (128, 32), (32, 16)))
    assert learned(network) - learned(network.encoder) == climb + (9 * 16 + 16) + (9 * 32 + 1)


def test_every_number_can_be_trained() -> None:
    network, sources = build("resnet_encoder").train(), sources_of("resnet_encoder", 32, 32)
    assert not unmoved(network, (network(sources) - sources.amax(1, keepdim=True)).square().mean())


def test_three_sources_are_weighed_alike_in_any_order_and_black_stays_black() -> None:
    network, sources = build("resnet_encoder"), torch.rand(1, 3, 37, 41, generator=torch.Generator().manual_seed(2))
    sources[..., :5] = 0
    with torch.inference_mode():
        fused, weights = network(sources), network.weights(sources)
        for order in permutations(range(3)):
            torch.testing.assert_close(network(sources[:, list(order)]), fused, atol=1e-5, rtol=0)
    torch.testing.assert_close(weights.sum(1), torch.ones_like(weights[:, 0]))
    assert not fused[..., :5].any()


def test_the_encoder_is_filled_from_a_file_of_torchvisions_names(tmp_path: Path) -> None:
    given, wanted = build("resnet_encoder").encoder, build("resnet_encoder").encoder
    torch.nn.init.constant_(given.layer2[0].downsample[0].weight, 0.25)
    file = tmp_path / "imagenet.safetensors"
    safetensors.save_file({**given.state_dict(), "fc.bias": torch.zeros(1000)}, file)
    fill(wanted, file)
    assert all(torch.equal(tensor, given.state_dict()[name]) for name, tensor in wanted.state_dict().items())


@pytest.mark.parametrize("spoil", [lambda state: state.pop("bn1.bias"),
                                   lambda state: state.update({"bn1.bias": torch.zeros(3)})])
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, spoil: Any) -> None:
    encoder = build("resnet_encoder").encoder
    state = dict(encoder.state_dict())
    spoil(state)
    safetensors.save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(BadInput, match=r"no tensor bn1\.bias of shape \(64,\)"):
        fill(encoder, tmp_path / "other.safetensors")


def test_a_step_names_the_file_and_nothing_else(tmp_path: Path) -> None:
    from MedFusionLib.networks.catalog import NETWORKS
    from MedFusionLib.training.recipe import DataSet, TrainingRecipe
    from MedFusionLib.training.step import step_of

    recipe = TrainingRecipe("resnet_encoder", (DataSet("pairs", "a", "b"),), {"intensity_maximum": 1.0}, patch=16)
    module, cpu = build("resnet_encoder"), torch.device("cpu")
    file = tmp_path / "imagenet.safetensors"
    given = {name: torch.full_like(tensor, 0.5) for name, tensor in module.encoder.state_dict().items()}
    safetensors.save_file(given, file)
    step_of(module, NETWORKS["resnet_encoder"], replace(recipe, step={"encoder": str(file)}), cpu)
    assert (module.encoder.conv1.weight == 0.5).all()
    with pytest.raises(BadInput, match="has no field 'decoder'"):
        step_of(module, NETWORKS["resnet_encoder"], replace(recipe, step={"decoder": ""}), cpu)
