"""TransFuse: branches, joints and heads of the published size; fusing and segmenting; the structure loss."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import count, unmoved  # noqa: E402

from MedFusionLib.networks import bifusion, branches, transfuse  # noqa: E402


def test_the_branches_have_the_numbers_of_resnet_34_and_deit_small() -> None:
    # ResNet-34 has 21,797,672, of which 513,000 are its classes' and 13,114,368 its last stage's.
    assert count(lambda: branches.ResidualBranch(3)) == 21_797_672 - 513_000 - 13_114_368
    block = 4 * 384 * 384 + 4 * 384 + 2 * 4 * 384 * 384 + 5 * 384 + 2 * 2 * 384
    expected = (16 * 16 * 3 + 1) * 384 + 12 * 16 * 384 + 8 * block + 2 * 384
    assert count(lambda: branches.TransformerBranch(3)) == expected


def test_the_segmenter_has_the_numbers_that_the_authors_program_uses() -> None:
    # That program counts 26,248,725, of which the class token's 384 are never used.
    assert count(lambda: transfuse.TransFuseSegmenter(3, 64)) == 26_248_725 - 384


def test_the_branches_meet_at_a_quarter_an_eighth_and_a_sixteenth() -> None:
    picture = torch.rand(1, 2, 48, 64)
    local = branches.ResidualBranch(2, 8).eval()(picture)
    distant = branches.TransformerBranch(2, 48, 1).eval()(picture)
    assert [tuple(maps.shape[1:]) for maps in local] == [(8, 12, 16), (16, 6, 8), (32, 3, 4)]
    assert distant.shape == (1, 48, 3, 4)
    joint = bifusion.BiFusion(32, 48, 32, 4, 0.1).eval()
    coarse = joint(local[2], distant)
    assert bifusion.Climb(32, 16, 16).eval()(coarse, local[1]).shape == (1, 16, 6, 8)


def test_a_token_is_seen_from_everywhere_by_the_transformer_branch() -> None:
    picture = torch.rand(1, 2, 64, 64, requires_grad=True)
    # One channel: the sum of all is constant after a layer normalisation.
    branches.TransformerBranch(2, 48, 1)(picture)[0, 0, 0, 0].backward()
    assert picture.grad[0, :, -16:, -16:].any()


@pytest.mark.parametrize("size", [(181, 217), (29, 37), (1, 3)])
def test_odd_sizes_come_back_whole_from_both_networks(size: tuple[int, int]) -> None:
    sources = sources_of("transfuse", *size, batch=1)
    with torch.inference_mode():
        fused, probability = build("transfuse")(sources), transfuse.TransFuseSegmenter().eval()(sources)
    assert fused.shape == probability.shape == (1, 1, *size)
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (fused >= sources.amin(1, keepdim=True) - 1e-6).all()
    assert (fused <= sources.amax(1, keepdim=True) + 1e-6).all()


def test_every_number_of_both_networks_can_be_trained() -> None:
    sources = sources_of("transfuse", 32, 32)
    network = build("transfuse")
    assert not unmoved(network, (network(sources) - sources.amax(1, keepdim=True)).square().mean())
    torch.manual_seed(0)
    segmenter = transfuse.TransFuseSegmenter().eval()
    truth = torch.zeros(2, 1, 32, 32)
    truth[..., 8:20, 10:25] = 1.0
    assert not unmoved(segmenter, transfuse.segmentation_loss(segmenter.logits(sources), truth))


def test_the_structure_loss_is_worked_by_hand_where_nothing_is_known() -> None:
    truth, unsure = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    # All weights are 1: cross-entropy log 2; common 0, either 16 / 2.
    assert transfuse.structure_loss(unsure, truth).item() == pytest.approx(math.log(2) + 1 - 1 / 9, rel=1e-5)
    assert transfuse.structure_loss(torch.full_like(truth, -30.0), truth).item() == pytest.approx(0, abs=1e-6)


def test_an_error_at_the_border_costs_more_than_one_far_from_it() -> None:
    truth = torch.zeros(1, 1, 80, 80)
    truth[..., :20] = 1.0
    near, far = (torch.where(truth > 0, 9.0, -9.0) for _ in range(2))
    near[..., 20:24], far[..., 70:74] = 9.0, 9.0
    assert transfuse.structure_loss(near, truth) > transfuse.structure_loss(far, truth)


def test_the_three_maps_count_by_half_three_tenths_and_a_fifth() -> None:
    truth = torch.zeros(1, 1, 4, 4)
    right, unsure = torch.full_like(truth, -30.0), torch.zeros_like(truth)
    one = transfuse.structure_loss(unsure, truth).item()
    for place, share in enumerate((0.5, 0.3, 0.2)):
        maps = [right, right, right]
        maps[place] = unsure
        assert transfuse.segmentation_loss(tuple(maps), truth).item() == pytest.approx(share * one, abs=1e-5)
