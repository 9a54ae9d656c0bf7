"""Fusion by the frozen features of a VGG-19."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402

from MedFusionLib.networks.vgg_features import base  # noqa: E402

# The names, shapes and places of torchvision.models.vgg19, written out from its published layout.
TORCHVISION = {0: (64, 3), 2: (64, 64), 5: (128, 64), 7: (128, 128), 10: (256, 128), 12: (256, 256), 14: (256, 256),
               16: (256, 256), 19: (512, 256)}


@pytest.fixture(scope="module")
def network():
    return build("vgg_features")


def test_it_takes_the_weights_of_torchvision_by_name(network) -> None:
    expected = {f"features.{place}.weight": (*shape, 3, 3) for place, shape in TORCHVISION.items()}
    expected |= {f"features.{place}.bias": shape[:1] for place, shape in TORCHVISION.items()}
    assert {name: tuple(value.shape) for name, value in network.state_dict().items()} == expected


def test_no_parameter_is_to_be_learned(network) -> None:
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_the_base_solves_its_least_squares_problem() -> None:
    picture = torch.rand(1, 1, 12, 15, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    smooth = base(picture)[0, 0]
    laplacian = (smooth[:-2, 1:-1] + smooth[2:, 1:-1] + smooth[1:-1, :-2] + smooth[1:-1, 2:]
                 - 4 * smooth[1:-1, 1:-1])
    # Where the derivative of |I - B|^2 + 5 |grad B|^2 vanishes, B - 5 laplacian(B) is I.
    torch.testing.assert_close(smooth[1:-1, 1:-1] - 5 * laplacian, picture[0, 0, 1:-1, 1:-1], atol=1e-6, rtol=0)


def test_the_weights_of_every_layer_add_to_one(network) -> None:
    with torch.inference_mode():
        layers = network.weights(sources_of("vgg_features", 37, 41) - 0.5)
    assert len(layers) == 4
    for weights in layers:
        assert weights.shape == (2, 2, 37, 41)
        torch.testing.assert_close(weights.sum(1), torch.ones(2, 37, 41))


def test_equal_sources_come_back_unchanged(network) -> None:
    picture = torch.rand(1, 1, 21, 30, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        torch.testing.assert_close(network(picture.expand(1, 3, 21, 30)), picture)


def test_a_slice_of_181_by_217_keeps_its_size(network) -> None:
    with torch.inference_mode():
        assert network(sources_of("vgg_features", 181, 217, batch=1)).shape == (1, 1, 181, 217)
