"""FusionGAN: its layers are the paper's, its losses are those of equations 2 to 5."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import count, unmoved  # noqa: E402

from MedFusionLib.networks import fusiongan  # noqa: E402


def convolutions(network):
    return [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]


def test_the_generators_kernels_and_channels_are_those_of_the_paper() -> None:
    layers = convolutions(build("fusiongan"))
    assert [layer.kernel_size[0] for layer in layers] == [5, 5, 3, 3, 1]
    assert [layer.out_channels for layer in layers] == [256, 128, 64, 32, 1]
    weights = 2 * 25 * 256 + 256 * 25 * 128 + 128 * 9 * 64 + 64 * 9 * 32 + 32
    biases, normalisation = 256 + 128 + 64 + 32 + 1, 2 * (256 + 128 + 64 + 32)
    assert count(fusiongan.FusionGAN) == weights + biases + normalisation == 925_633


def test_the_discriminator_halves_four_times_and_ends_in_one_score() -> None:
    discriminator = fusiongan.TextureDiscriminator().eval()
    assert [layer.out_channels for layer in convolutions(discriminator)] == [32, 64, 128, 256]
    assert all(layer.stride == (2, 2) for layer in convolutions(discriminator))
    assert discriminator(torch.rand(2, 1, fusiongan.PATCH, fusiongan.PATCH)).shape == (2, 1)


@pytest.mark.parametrize("size", [pytest.param((181, 217), marks=pytest.mark.slow), (29, 37), (1, 5)])
def test_any_size_comes_back_whole(size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert build("fusiongan")(sources_of("fusiongan", *size, batch=1)).shape == (1, 1, *size)


def test_every_number_of_both_networks_can_be_trained() -> None:
    generator, critics = build("fusiongan"), fusiongan.FusionGANCritics(32)
    sources = sources_of("fusiongan", 32, 32)
    made = critics.make(generator, sources)
    assert not unmoved(generator, critics.deceive(made, sources) + critics.content(made, sources))
    assert not unmoved(critics, critics.tell_apart((made[0].detach(),), sources))


def test_the_content_loss_is_worked_by_hand_on_one_bright_pixel() -> None:
    fused, sources = torch.zeros(1, 1, 5, 5), torch.zeros(1, 2, 5, 5)
    sources[0, 0, 2, 2] = 1.0
    sources[0, 1] = 0.2
    # The Laplacian of one bright pixel is -4 there and 1 at its four neighbours: 20 / 25 in the mean.
    assert fusiongan.content_loss(fused, sources).item() == pytest.approx(0.04 + 5 * 20 / 25)


def test_perfect_pictures_cost_the_generator_nothing_but_the_soft_labels() -> None:
    picture = torch.rand(1, 1, 8, 8)
    assert 0.0 < fusiongan.adversarial_loss(torch.full((64, 1), 0.95)).item() < 0.25 ** 2
    assert fusiongan.content_loss(picture, picture.expand(1, 2, 8, 8)).item() == pytest.approx(0, abs=1e-9)


def test_the_discriminator_is_punished_for_taking_one_for_the_other() -> None:
    low, high = torch.full((32, 1), 0.15), torch.full((32, 1), 0.95)
    assert fusiongan.discriminator_loss(high, low) < 0.1
    assert fusiongan.discriminator_loss(low, high) > 0.5
