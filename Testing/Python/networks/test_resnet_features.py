"""Fusion by the frozen, whitened features of a ResNet-50."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402

from MedFusionLib.networks.resnet_features import whitened  # noqa: E402


@pytest.fixture(scope="module")
def network():
    return build("resnet_features")


def test_it_takes_the_weights_of_torchvision_by_name(network) -> None:
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert shapes["conv1.weight"] == (64, 3, 7, 7)
    assert shapes["layer1.0.downsample.0.weight"] == (256, 64, 1, 1)
    assert shapes["layer2.3.conv2.weight"] == (128, 128, 3, 3)
    assert shapes["layer3.5.bn3.running_var"] == (1024,)
    # Three, four and six blocks of three convolutions, three shortcuts, the first; six tensors for each with its norm.
    assert len(shapes) == 6 * (3 * (3 + 4 + 6) + 3 + 1)


def test_nothing_is_learned_also_while_training(network) -> None:
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not any(module.training for module in network.train().modules())


def test_whitened_rows_are_uncorrelated_and_of_length_one() -> None:
    rows = whitened(10.0 * torch.randn(3, 4, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64))
    torch.testing.assert_close(rows @ rows.mT, torch.eye(4, dtype=torch.float64).expand(3, 4, 4), atol=1e-5, rtol=0)


def test_weights_add_to_one_and_a_slice_of_181_by_217_keeps_its_size(network) -> None:
    sources = sources_of("resnet_features", 181, 217, batch=1)
    with torch.inference_mode():
        weights = network.weights(sources)
        fused = network(sources)
    torch.testing.assert_close(weights.sum(1), torch.ones(1, 181, 217))
    torch.testing.assert_close(fused[:, 0], (weights * sources).sum(1))
