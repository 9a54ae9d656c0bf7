"""DDcGAN and MGMDcGAN: generators, discriminators and masks as in the papers and the authors' programs."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import count, unmoved  # noqa: E402

from MedFusionLib.networks import ddcgan, mgmdcgan  # noqa: E402

BOTH = pytest.mark.parametrize("name", ["ddcgan", "mgmdcgan"])
ENCODER = [(2, 48), (48, 48), (96, 48), (144, 48), (192, 48)]
DECODER = [(240, 240), (240, 128), (128, 64), (64, 32), (32, 1)]


def by_hand(pairs: list[tuple[int, int]]) -> int:
    """Learned numbers of 3 x 3 convolutions with biases, each but the last with batch normalisation."""
    convolutions = sum(9 * inputs * outputs + outputs for inputs, outputs in pairs)
    return convolutions + sum(2 * outputs for _, outputs in pairs[:-1])


def test_the_generators_layers_are_those_of_the_authors_program() -> None:
    layers = [layer for layer in build("ddcgan").modules() if isinstance(layer, torch.nn.Conv2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in layers] == ENCODER + DECODER
    assert count(ddcgan.DDcGAN) == by_hand(ENCODER + DECODER) == 1_097_665
    # Two generators, and before the first of them 9 numbers for the fine and 64 for the coarse source.
    assert count(mgmdcgan.MGMDcGAN) == 2 * 1_097_665 + 9 + 64


def test_half_the_growth_halves_every_width() -> None:
    narrow = [layer for layer in build("mgmdcgan").second.modules() if isinstance(layer, torch.nn.Conv2d)]
    halved = [(inputs // 2 if inputs > 2 else 2, outputs // 2) for inputs, outputs in ENCODER + DECODER[:-1]]
    assert [(layer.in_channels, layer.out_channels) for layer in narrow] == [*halved, (16, 1)]


@BOTH
@pytest.mark.parametrize("size", [(37, 41), (1, 3)])
def test_odd_sizes_come_back_whole(name: str, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert build(name)(sources_of(name, *size, batch=1)).shape == (1, 1, *size)


@pytest.mark.slow
@BOTH
def test_a_brain_slice_comes_back_whole(name: str) -> None:
    with torch.inference_mode():
        assert build(name)(sources_of(name, 181, 217, batch=1)).shape == (1, 1, 181, 217)


def test_every_number_of_ddcgan_can_be_trained_at_both_ratios() -> None:
    for ratio in (1, 4):
        generator = build("ddcgan", ratio=ratio)
        critics, sources = ddcgan.DDcGANCritics(16, ratio), sources_of("ddcgan", 16, 16)
        made = critics.make(generator, sources)
        assert not unmoved(generator, critics.deceive(made, sources) + critics.content(made, sources))
        assert not unmoved(critics, critics.tell_apart((made[0].detach(),), sources))


def test_every_number_of_both_generators_of_mgmdcgan_can_be_trained() -> None:
    network, critics = build("mgmdcgan"), mgmdcgan.MGMDcGANCritics(16)
    sources = sources_of("mgmdcgan", 16, 16)
    made = critics.make(network, sources)
    assert not unmoved(network, critics.deceive(made, sources) + critics.content(made, sources))
    assert not unmoved(critics, critics.tell_apart(tuple(one.detach() for one in made), sources))


def test_the_discriminator_gives_a_probability() -> None:
    probability = ddcgan.SourceDiscriminator().eval()(torch.rand(3, 1, ddcgan.PATCH, ddcgan.PATCH))
    assert probability.shape == (3, 1)
    assert ((probability > 0) & (probability < 1)).all()


def test_a_patch_of_84_is_judged_at_21_and_a_flat_one_stays_flat() -> None:
    small = ddcgan.at_ratio(torch.full((1, 1, 84, 84), 0.3), 4)
    assert small.shape == (1, 1, 21, 21)
    torch.testing.assert_close(small, torch.full_like(small, 0.3))


def test_the_losses_are_worked_by_hand() -> None:
    ramp = torch.tensor([[0.0, 0.1, 0.3], [0.0, 0.1, 0.3]])[None, None]
    assert ddcgan.total_variation(ramp).item() == pytest.approx(0.15)
    sources = torch.cat((torch.zeros_like(ramp), ramp + 0.5), 1)
    assert ddcgan.content_loss(ramp, sources).item() == pytest.approx(0.25 + 1.2 * 0.15)
    half = torch.full((4, 1), 0.5)
    assert ddcgan.discriminator_loss(half, half).item() == pytest.approx(2 * math.log(2))
    assert ddcgan.adversarial_loss(half).item() == pytest.approx(math.log(2))
    assert ddcgan.DDcGANCritics(8).content((ramp,), sources).item() == pytest.approx(0.5 * 0.43)


def test_the_coarse_source_speaks_by_the_means_of_its_blocks_only() -> None:
    network, sources = build("mgmdcgan", ratio=4), sources_of("mgmdcgan", 16, 16, batch=1)
    blocky = sources.clone()
    means = torch.nn.functional.avg_pool2d(sources[:, 1:], 4)
    blocky[:, 1:] = means.repeat_interleave(4, 2).repeat_interleave(4, 3)
    with torch.inference_mode():
        torch.testing.assert_close(network.first(blocky), network.first(sources), atol=1e-5, rtol=0)


def test_the_mask_marks_bone_but_not_bright_function_nor_the_dark() -> None:
    #                        bone, function over soft tissue, both bright, soft tissue
    structural = torch.tensor([[0.95, 0.30, 0.60, 0.30]])
    functional = torch.tensor([[0.10, 0.90, 0.95, 0.00]])
    mask = mgmdcgan.dense_structure(torch.stack((structural, functional))[None])
    assert mask[0, 0, 0, 0] > 0.99
    assert mask[0, 0, 0, 1:].max() < 0.02


def test_the_second_generator_may_change_what_the_mask_marks_only() -> None:
    sources = torch.rand(1, 2, 6, 6)
    first, mask = torch.rand(1, 1, 6, 6), torch.zeros(1, 1, 6, 6)
    mask[..., :3] = 1.0
    ideal = torch.where(mask > 0, sources[:, :1], first)
    assert mgmdcgan.second_content_loss(ideal, first, sources, mask).item() == pytest.approx(0, abs=1e-6)
    spoilt = ideal + 0.2 * (1 - mask)
    loss = mgmdcgan.second_content_loss(spoilt, first, sources, mask).item()
    assert loss == pytest.approx(0.04 / 2, rel=1e-3)
