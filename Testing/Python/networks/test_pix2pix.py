"""The conditional GAN in the manner of Pix2Pix: U-Net and PatchGAN have the published sizes."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import count, unmoved  # noqa: E402

from MedFusionLib.networks import pix2pix  # noqa: E402


def test_with_three_channels_both_have_the_numbers_that_the_authors_program_prints() -> None:
    assert round(count(lambda: pix2pix.UNetGenerator(3, 3)) / 1e6, 3) == 54.414
    assert round(count(lambda: pix2pix.PatchDiscriminator(6)) / 1e6, 3) == 2.769


def test_the_published_generator_drops_out_in_three_layers_and_has_256_pixels_as_one_at_the_bottom() -> None:
    network, bottom = pix2pix.UNetGenerator(3, 3, width=2).eval(), []
    assert sum(isinstance(layer, torch.nn.Dropout) for layer in network.modules()) == 3
    network.downs[-1].register_forward_hook(lambda _, __, made: bottom.append(made.shape))
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 256, 256)).shape == (1, 3, 256, 256)
    assert bottom == [(1, 16, 1, 1)]


def test_a_score_judges_a_patch_of_70_by_70() -> None:
    discriminator, picture = pix2pix.PatchDiscriminator(1, 4).eval(), torch.rand(1, 1, 256, 256, requires_grad=True)
    scores = discriminator(picture)
    assert scores.shape == (1, 1, 30, 30)
    scores[0, 0, 15, 15].backward()
    rows, columns = picture.grad[0, 0].nonzero(as_tuple=True)
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == 70


@pytest.mark.parametrize("size", [(181, 217), (29, 37), (1, 3)])
def test_odd_sizes_come_back_whole(size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert build("pix2pix")(sources_of("pix2pix", *size, batch=1)).shape == (1, 1, *size)


def test_every_number_of_both_networks_can_be_trained() -> None:
    generator, critics = build("pix2pix"), pix2pix.Pix2PixCritics(64)
    sources = sources_of("pix2pix", 64, 64)
    made = critics.make(generator, sources)
    assert not unmoved(generator, critics.deceive(made, sources) + critics.content(made, sources))
    assert not unmoved(critics, critics.tell_apart((made[0].detach(),), sources))


def test_the_losses_are_worked_by_hand() -> None:
    undecided = torch.zeros(1, 1, 3, 3)
    fused, sources = torch.full((1, 1, 4, 4), 0.4), torch.tensor([0.5, 0.3])[None, :, None, None].expand(1, 2, 4, 4)
    assert pix2pix.adversarial_loss(undecided).item() == pytest.approx(math.log(2))
    assert pix2pix.Pix2PixCritics().content((fused,), sources).item() == pytest.approx(100 * 0.1)
    assert pix2pix.discriminator_loss(undecided, undecided).item() == pytest.approx(math.log(2))
