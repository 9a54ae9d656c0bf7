"""MedFusion's own network: any number and order of sources, black stays black, every voxel's origin is known."""

from __future__ import annotations

from itertools import permutations

import pytest

from MedFusionLib.networks.catalog import NETWORKS

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402

BOTH = pytest.mark.parametrize(("name", "size"), [("medfusion", (21, 30)), ("medfusion_3d", (7, 10, 9))])


@BOTH
def test_it_is_light(name: str, size: tuple[int, ...]) -> None:
    assert NETWORKS[name].parameters <= 150_000


@BOTH
def test_three_sources_fuse_alike_in_any_order(name: str, size: tuple[int, ...]) -> None:
    network = build(name)
    sources = torch.rand(1, 3, *size)
    with torch.inference_mode():
        fused = network(sources)
        for order in permutations(range(3)):
            torch.testing.assert_close(network(sources[:, list(order)]), fused, atol=1e-5, rtol=0)


@BOTH
def test_a_functional_source_is_another_source_than_an_anatomical_one(name: str, size: tuple[int, ...]) -> None:
    network = build(name)
    sources = torch.rand(1, 2, *size)
    with torch.inference_mode():
        plain = network(sources)
        told = network(sources, functional=(False, True))
        turned = network(sources.flip(1), functional=(True, False))
    torch.testing.assert_close(network(sources, functional=(False, False)).detach(), plain)
    torch.testing.assert_close(turned, told, atol=1e-5, rtol=0)
    assert (told - plain).abs().max() > 1e-4


@BOTH
def test_black_in_all_sources_is_exactly_black_beside_bright_edges_too(name: str, size: tuple[int, ...]) -> None:
    sources = sources_of(name, *size)
    sources[..., : size[-1] // 2] = 0
    fused = build(name)(sources)
    assert not fused[..., : size[-1] // 2].any()
    assert fused[..., size[-1] // 2:].any()


@BOTH
def test_the_origin_adds_up_to_the_fused_picture(name: str, size: tuple[int, ...]) -> None:
    network = build(name)
    for parameter in network.head.parameters():
        parameter.data *= 100
    sources = sources_of(name, *size)
    with torch.inference_mode():
        weights, residual = network.origin(sources)
        fused = network(sources)
    torch.testing.assert_close(weights.sum(1), torch.ones(2, *size))
    # Noise is never plain, so that what plain places add is small.
    assert (residual.abs() <= network.bound * sources.amax(1, keepdim=True) + 0.08).all()
    assert residual.abs().max() > 0.01
    torch.testing.assert_close(((weights * sources).sum(1, keepdim=True) + residual).clamp(0, 1), fused)


def shown_of_a_small_structure(name: str, size: tuple[int, ...], busy: float, detail: float = 0.0) -> float:
    """How much of a structure of contrast 0.1 comes through, whose source is darker than one with noise ``busy``."""
    sources = torch.full((1, 2, *size), 0.3)
    sources[:, 1] = 0.8 + busy * (torch.rand(size) - 0.5)
    planted = sources.clone()
    place = (0, 0, *(length // 2 for length in size))
    planted[place] += 0.1
    network = build(name, detail=detail)
    with torch.inference_mode():
        return float((network(planted) - network(sources))[place])


@BOTH
def test_a_small_structure_of_the_source_that_is_not_chosen_is_shown_where_the_other_is_plain(
        name: str, size: tuple[int, ...]) -> None:
    assert shown_of_a_small_structure(name, size, busy=0.0) > 0.08
    assert shown_of_a_small_structure(name, size, busy=0.3) < 0.03


@BOTH
def test_detail_shows_it_where_the_other_is_busy_too(name: str, size: tuple[int, ...]) -> None:
    without, half, whole = (shown_of_a_small_structure(name, size, 0.3, detail) for detail in (0.0, 0.5, 1.0))
    assert half == pytest.approx((without + whole) / 2, abs=0.01)
    assert whole > 0.08


@BOTH
def test_detail_leaves_black_black_and_anatomy_alone_where_no_function_is(name: str, size: tuple[int, ...]) -> None:
    sources = sources_of(name, *size)
    sources[..., : size[-1] // 2] = 0
    network = build(name, detail=1.0)
    assert not network(sources)[..., : size[-1] // 2].any()
    sources = sources_of(name, *size)
    sources[:, 1] = 0
    torch.testing.assert_close(network(sources, functional=(False, True)), sources[:, :1])


@BOTH
def test_its_weights_start_close_to_those_of_the_maximum(name: str, size: tuple[int, ...]) -> None:
    sources = sources_of(name, *size)
    with torch.inference_mode():
        weights, _ = build(name).origin(sources)
    weighed = (weights * sources).sum(1, keepdim=True)
    assert (weighed - sources.amax(1, keepdim=True)).abs().mean() < 0.03


@BOTH
def test_function_starts_with_its_share_of_the_weights_and_anatomy_with_the_rest(
        name: str, size: tuple[int, ...]) -> None:
    network = build(name)
    for parameter in network.head.parameters():
        parameter.data *= 0
    sources = torch.rand(1, 3, *size)
    sources[:, 1] = 0.1
    with torch.inference_mode():
        weights, _ = network.origin(sources, (False, True, False))
        among, _ = network.origin(sources[:, [0, 2]])
    share = 0.35 * 0.1 / (0.1 + 0.05)
    torch.testing.assert_close(weights[:, 1], torch.full((1, *size), share))
    torch.testing.assert_close(weights[:, [0, 2]], (1 - share) * among)


@BOTH
def test_anatomy_is_left_as_it_is_where_no_function_is_near(name: str, size: tuple[int, ...]) -> None:
    wide = (*size[:-1], 40)
    sources = torch.rand(1, 2, *wide)
    sources[:, 1, ..., 20:] = 0
    with torch.inference_mode():
        fused = build(name)(sources, (False, True))
    assert torch.equal(fused[..., 28:], sources[:, :1, ..., 28:])
    assert not torch.equal(fused[..., :20], sources[:, :1, ..., :20])


@BOTH
def test_the_colour_of_function_changes_what_its_luma_needs_to_tell(name: str, size: tuple[int, ...]) -> None:
    network = build(name)
    # Not above .5, where grey counts as white.
    sources, colours = torch.rand(1, 2, *size) / 2, torch.rand(1, 1, 3, *size)
    grey = sources[:, 1:, None].expand_as(colours)
    with torch.inference_mode():
        unknown = network(sources, (False, True))
        torch.testing.assert_close(network(sources, (False, True), grey)[:, :1], unknown)
        assert not torch.allclose(network(sources, (False, True), colours)[:, :1], unknown)


@BOTH
def test_told_colours_it_says_how_strong_they_are_to_be(name: str, size: tuple[int, ...]) -> None:
    sources, colours = torch.rand(1, 2, *size), torch.rand(1, 1, 3, *size)
    network = build(name)
    with torch.inference_mode():
        strength = network(sources, (False, True), colours)[:, 1:]
        turned = network(sources.flip(1), (True, False), colours)[:, 1:]
    assert strength.shape == (1, 1, *size)
    assert 0.1 <= strength.min() < strength.max() <= 0.8
    assert (strength - 0.45).abs().mean() < 0.1
    torch.testing.assert_close(turned, strength, atol=1e-5, rtol=0)


@BOTH
def test_a_hot_spot_that_is_shown_white_is_seen_in_the_luma(name: str, size: tuple[int, ...]) -> None:
    network = build(name)
    anatomy, function = torch.full((1, 1, *size), 0.3), torch.zeros(1, 1, *size)
    spot = (..., *(slice(4, 12),) * len(size))
    function[spot] = 1.0
    colours = function.unsqueeze(2).expand(-1, -1, 3, *size)
    with torch.no_grad():
        network.share.fill_(-9.0)
        fused = network(torch.cat([anatomy, function], 1), (False, True), colours)[:, :1]
        told_nothing = network(torch.cat([anatomy, function], 1), (False, True))
    assert float(fused[spot].mean()) > 0.5
    assert float(told_nothing[spot].mean()) < 0.5


@BOTH
def test_a_gradient_reaches_every_parameter(name: str, size: tuple[int, ...]) -> None:
    network = build(name)
    sources = sources_of(name, *size)
    for functional in ((False, False), (False, True)):
        colours = torch.rand(2, 1, 3, *size) if any(functional) else None
        (network(sources, functional, colours) - sources.mean(1, keepdim=True)).square().mean().backward()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().max() > 0, parameter_name


@pytest.mark.parametrize(("name", "size"), [
    ("medfusion", (181, 217)), ("medfusion", (1, 1)), ("medfusion", (3, 50)),
    ("medfusion_3d", (37, 41, 29)), ("medfusion_3d", (1, 1, 5))])
def test_it_takes_any_size(name: str, size: tuple[int, ...]) -> None:
    with torch.inference_mode():
        assert build(name)(sources_of(name, *size, batch=1)).shape == (1, 1, *size)


def test_a_shift_by_whole_cells_shifts_the_picture() -> None:
    network = build("medfusion")
    canvas, moved = torch.zeros(1, 2, 88, 88), torch.zeros(1, 2, 88, 88)
    canvas[..., 36:44, 36:44] = torch.rand(1, 2, 8, 8)
    moved[..., 40:48, 44:52] = canvas[..., 36:44, 36:44]
    with torch.inference_mode():
        fused = network(canvas)[..., 36:44, 36:44]
        torch.testing.assert_close(network(moved)[..., 40:48, 44:52], fused, atol=1e-5, rtol=0)
