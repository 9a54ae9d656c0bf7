"""Attention, its windows and the two networks of them: against other libraries, loops, and what must be true."""

from __future__ import annotations

from itertools import permutations

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import count, unmoved  # noqa: E402

from MedFusionLib.networks import attention, swinfusion, windows  # noqa: E402


def similar(first, second):
    """A stand-in for SSIM: 1 for equal pictures."""
    return 1.0 - (first - second).square().mean()


def test_attention_is_that_of_torchs_own_module() -> None:
    torch.manual_seed(0)
    own, other = attention.Attention(12, 3), torch.nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat((own.query.weight, own.key_value.weight)))
        other.in_proj_bias.copy_(torch.cat((own.query.bias, own.key_value.bias)))
        other.out_proj.weight.copy_(own.out.weight)
        other.out_proj.bias.copy_(own.out.bias)
        tokens, others = torch.rand(2, 5, 12), torch.rand(2, 7, 12)
        torch.testing.assert_close(own(tokens, others), other(tokens, others, others)[0])


def test_positions_differ_everywhere_and_do_not_depend_on_the_size_of_the_picture() -> None:
    small, large = (attention.waves(*size, 16, torch.zeros(1)).unflatten(0, size) for size in ((3, 5), (7, 11)))
    torch.testing.assert_close(small, large[:3, :5])
    assert len(torch.unique(large.flatten(0, 1), dim=0)) == 77


def test_windows_are_cut_and_put_back() -> None:
    grid = torch.arange(2 * 4 * 6 * 3.0).reshape(2, 4, 6, 3)
    cells = windows.split(grid, 2)
    assert cells.shape == (2 * 6, 4, 3)
    torch.testing.assert_close(cells[1], grid[0, 0:2, 2:4].flatten(0, 1))
    torch.testing.assert_close(windows.join(cells, 2, 4, 6), grid)


def seen_by(shift: int, place: tuple[int, int]) -> set[tuple[int, int]]:
    """Places of a grid of 8 x 12 that the token at ``place`` looks at through windows of 4."""
    torch.manual_seed(0)
    look, grid = windows.WindowAttention(6, 2, 4, shift), torch.rand(1, 8, 12, 6, requires_grad=True)
    look(grid, grid)[0, *place].sum().backward()
    # Strangers are shut out to a share of e^-100, not wholly.
    return {tuple(found) for found in (grid.grad[0].abs().sum(-1) > 1e-30).nonzero().tolist()}


def block(rows: range, columns: range) -> set[tuple[int, int]]:
    return {(row, column) for row in rows for column in columns}


def test_a_token_sees_its_own_window() -> None:
    assert seen_by(0, (5, 2)) == block(range(4, 8), range(4))


def test_a_shifted_window_lies_across_four_and_never_joins_opposite_borders() -> None:
    assert seen_by(2, (4, 5)) == block(range(2, 6), range(2, 6))
    assert seen_by(2, (0, 0)) == block(range(2), range(2))
    assert seen_by(2, (7, 11)) == block(range(6, 8), range(10, 12))
    assert seen_by(2, (0, 6)) == block(range(2), range(6, 10))


def test_the_bias_of_a_pair_of_tokens_depends_on_where_they_lie_to_each_other_only() -> None:
    look = windows.WindowAttention(6, 2, 4, 0)
    places = [(row, column) for row in range(4) for column in range(4)]
    found: dict[tuple[int, int], set[int]] = {}
    for i, (row, column) in enumerate(places):
        for j, (other_row, other_column) in enumerate(places):
            found.setdefault((row - other_row, column - other_column), set()).add(int(look.relative[i, j]))
    assert len(found) == len(look.table) == 49
    assert all(len(indices) == 1 for indices in found.values())
    assert len(set.union(*found.values())) == 49


def test_swinfusion_has_the_numbers_that_the_authors_program_uses() -> None:
    # That program holds 973,681; its conv_first1_B (30 * 9 + 30) and conv_first2_B (30 * 30 * 9 + 30) are never run.
    assert count(swinfusion.SwinFusion) == 973_681 - (30 * 9 + 30) - (30 * 30 * 9 + 30)


def test_swinfusion_has_four_two_and_four_blocks_and_shifts_every_second() -> None:
    looks = [layer for layer in swinfusion.SwinFusion().modules() if isinstance(layer, windows.WindowAttention)]
    assert len(looks) == 2 * 4 + 2 * (2 * 2 + 2 * 2) + 4
    assert sum(look.shift == 4 for look in looks) == len(looks) // 2
    assert {(look.size, look.attention.heads) for look in looks} == {(8, 6)}


@pytest.mark.parametrize("name", ["attention", "swinfusion"])
@pytest.mark.parametrize("size", [pytest.param((181, 217), marks=pytest.mark.slow), (29, 37), (1, 3)])
def test_odd_sizes_come_back_whole(name: str, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert build(name)(sources_of(name, *size, batch=1)).shape == (1, 1, *size)


@pytest.mark.parametrize("name", ["attention", "swinfusion"])
def test_every_number_can_be_trained(name: str) -> None:
    network, sources = build(name), sources_of(name, 16, 16)
    assert not unmoved(network, swinfusion.fusion_loss(network(sources), sources, similar))


def test_pictures_of_a_batch_do_not_meet_in_shifted_windows() -> None:
    network, sources = build("swinfusion"), sources_of("swinfusion", 16, 24)
    with torch.inference_mode():
        torch.testing.assert_close(network(sources)[1:], network(sources[1:]), atol=1e-5, rtol=0)


def test_the_fusion_loss_is_worked_by_hand() -> None:
    sources = torch.tensor([0.2, 0.6])[None, :, None, None].expand(1, 2, 3, 3).clone()
    fused = torch.full((1, 1, 3, 3), 0.5)
    unlike, intensity = 0.5 * (0.3 ** 2 + 0.1 ** 2), 0.1
    only = swinfusion.fusion_loss(fused, sources, similar, (50.0, 0.0, 20.0))
    assert only.item() == pytest.approx(50 * unlike + 20 * intensity)
    # Of flat pictures Sobel sees the frame alone: (3, 2, 3; 2, 0, 2) values each way, 3 + 3 in corners, 4 at sides.
    gradients = swinfusion.fusion_loss(fused, sources, similar, (0.0, 1.0, 0.0))
    assert gradients.item() == pytest.approx(0.1 * (4 * 6 + 4 * 4) / 9)


def test_three_sources_are_weighed_alike_in_any_order_and_black_stays_black() -> None:
    network, sources = build("attention"), torch.rand(1, 3, 19, 21, generator=torch.Generator().manual_seed(2))
    sources[..., :5] = 0
    with torch.inference_mode():
        fused, weights = network(sources), network.weights(sources)
        for order in permutations(range(3)):
            torch.testing.assert_close(network(sources[:, list(order)]), fused, atol=1e-5, rtol=0)
    torch.testing.assert_close(weights.sum(1), torch.ones_like(weights[:, 0]))
    assert not fused[..., :5].any()


def test_self_attention_reaches_from_corner_to_corner_and_from_source_to_source() -> None:
    sources = sources_of("attention", 32, 32, batch=1).requires_grad_()
    build("attention").weights(sources)[0, 0, 0, 0].backward()
    assert sources.grad[0, :, -8:, -8:].abs().amax((1, 2)).min() > 0
