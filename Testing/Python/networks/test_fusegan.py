"""FuseGAN: a Siamese encoder, a confidence that weighs the sources, and the field that makes it follow edges."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import count, unmoved  # noqa: E402

from MedFusionLib.networks import conv_crf, fusegan  # noqa: E402


def test_its_size_is_that_of_the_layers_that_the_module_names() -> None:
    # The paper gives no count; this one is worked from the module's description (width 32, six blocks).
    halves, joined, enlarged = [(1, 32, 7), (32, 64, 3), (64, 128, 3)], [(256, 128, 3)], [(128, 64, 3), (64, 32, 3)]
    normalised = [*halves, *joined, *[(128, 128, 3)] * 12, *enlarged]
    numbers = sum(inputs * outputs * kernel ** 2 + 2 * outputs for inputs, outputs, kernel in normalised)
    assert count(fusegan.FuseGAN) == numbers + 32 * 49 + 1


def test_both_sources_pass_the_same_encoder() -> None:
    network, seen = build("fusegan"), []
    network.encoder.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    sources = sources_of("fusegan", 8, 8, batch=1)
    network(sources)
    torch.testing.assert_close(torch.cat(seen, 1), sources)


@pytest.mark.parametrize("size", [(181, 217), (29, 37), (1, 3)])
def test_odd_sizes_come_back_whole_and_lie_between_the_sources(size: tuple[int, int]) -> None:
    sources = sources_of("fusegan", *size, batch=1)
    with torch.inference_mode():
        fused = build("fusegan")(sources)
    assert fused.shape == (1, 1, *size)
    assert (fused >= sources.amin(1, keepdim=True) - 1e-6).all()
    assert (fused <= sources.amax(1, keepdim=True) + 1e-6).all()


def test_every_number_of_both_networks_can_be_trained() -> None:
    generator, critics = build("fusegan"), fusegan.FuseGANCritics(32)
    sources = sources_of("fusegan", 32, 32)
    made = critics.make(generator, sources)
    assert not unmoved(generator, critics.deceive(made, sources) + critics.content(made, sources))
    assert not unmoved(critics, critics.tell_apart(tuple(one.detach() for one in made), sources))


def test_the_true_map_names_the_source_that_is_brighter_around_a_pixel() -> None:
    sources = torch.zeros(1, 2, 9, 18)
    sources[0, 0, :, :9], sources[0, 1, :, 9:] = 0.8, 0.6
    sources[0, 1, 4, 3] = 1.0
    decision = fusegan.decide(sources)[0, 0]
    assert decision[:, :8].all()
    assert not decision[:, 11:].any()


def test_the_losses_are_worked_by_hand() -> None:
    confidence = torch.full((1, 1, 2, 2), 0.7)
    sources = torch.tensor([0.9, 0.1])[None, :, None, None].expand(1, 2, 2, 2)
    scores = torch.full((1, 1, 3, 3), 0.6)
    assert fusegan.adversarial_loss(scores).item() == pytest.approx(0.5 * 0.16)
    assert fusegan.FuseGANCritics().content((confidence, confidence), sources).item() == pytest.approx(100 * 0.3)
    assert fusegan.discriminator_loss(scores, scores).item() == pytest.approx(0.5 * (0.16 + 0.36))


def test_a_step_of_the_field_agrees_with_loops_over_its_formula() -> None:
    probability, guide = torch.rand(1, 1, 5, 6) * 0.8 + 0.1, torch.rand(1, 2, 5, 6)
    refined = conv_crf.refine(probability, guide, steps=1, size=3, near=1.5, alike=0.3, strength=2.0)
    for row, column in ((2, 3), (1, 1), (3, 4)):
        total = votes = 0.0
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                if down or across:
                    other = (row + down, column + across)
                    contrast = sum((guide[0, c, row, column] - guide[0, c, *other]).item() ** 2 for c in (0, 1))
                    weight = math.exp(-(down ** 2 + across ** 2) / (2 * 1.5 ** 2) - contrast / (2 * 0.3 ** 2))
                    total += weight
                    votes += weight * (2 * probability[0, 0, *other].item() - 1)
        own = math.log(probability[0, 0, row, column] / (1 - probability[0, 0, row, column]))
        expected = 1 / (1 + math.exp(-own - 2.0 * votes / total))
        assert refined[0, 0, row, column].item() == pytest.approx(expected, rel=1e-4)


def test_the_field_mends_a_lone_error_and_stops_at_edges() -> None:
    guide = torch.zeros(1, 1, 16, 16)
    guide[..., 8:] = 1.0
    probability = torch.where(guide > 0.5, 0.8, 0.2)
    probability[0, 0, 5, 3] = 0.7
    refined = conv_crf.refine(probability, guide)
    assert ((refined > 0.5) == (guide > 0.5)).all()


def test_refining_is_chosen_by_a_setting() -> None:
    sources = sources_of("fusegan", 16, 16, batch=1)
    with torch.inference_mode():
        plain, refined = build("fusegan")(sources), build("fusegan", steps=3)(sources)
    assert not torch.allclose(plain, refined)
