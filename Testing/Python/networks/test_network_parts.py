"""What the CNN family is made of: pyramids, rules, clipping, firing neurons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch")

from MedFusionLib.networks.clipping import clip_to_unit  # noqa: E402
from MedFusionLib.networks.dmcfusion import high_pass_ratio  # noqa: E402
from MedFusionLib.networks.features import RULES, l1_weights  # noqa: E402
from MedFusionLib.networks.pulse_coupled import firing_counts, otsu, parameters  # noqa: E402
from MedFusionLib.networks.pyramid import collapse, laplacian_pyramid  # noqa: E402


@pytest.mark.parametrize("size", [(64, 64), (37, 41), (5, 9)])
def test_a_laplacian_pyramid_collapses_to_the_picture(size: tuple[int, int]) -> None:
    picture = torch.rand(1, 2, *size)
    torch.testing.assert_close(collapse(laplacian_pyramid(picture, 2)), picture)


def test_the_details_of_a_flat_picture_are_nothing() -> None:
    *details, low = laplacian_pyramid(torch.full((1, 1, 21, 16), 0.7), 3)
    for detail in details:
        torch.testing.assert_close(detail, torch.zeros_like(detail), atol=1e-6, rtol=0)
    torch.testing.assert_close(low, torch.full_like(low, 0.7))


def test_clipping_keeps_the_gradient_beyond_the_range() -> None:
    x = torch.tensor([-0.5, 0.25, 1.5], requires_grad=True)
    clipped = clip_to_unit(x)
    clipped.sum().backward()
    assert clipped.tolist() == [0.0, 0.25, 1.0]
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_the_rules_by_hand() -> None:
    features = torch.tensor([3.0, 1.0]).view(1, 2, 1, 1, 1)
    joined = {name: rule(features).item() for name, rule in RULES.items()}
    # The l1 weights of 3 and 1 are 3/4 and 1/4.
    assert joined == pytest.approx({"max": 3.0, "mean": 2.0, "sum": 4.0, "l1": 2.5}, rel=1e-5)


def test_l1_weights_add_to_one_also_where_nothing_is_active() -> None:
    weights = l1_weights(torch.zeros(1, 3, 4, 5, 5))
    torch.testing.assert_close(weights, torch.full((1, 3, 5, 5), 1 / 3))


def fire_by_loops(stimulus: np.ndarray, values: list[float], iterations: int) -> np.ndarray:
    """The equations of Yin et al., neuron by neuron."""
    decay, link, boost, threshold_decay = values
    height, width = stimulus.shape
    u, y, e, counts = (np.zeros_like(stimulus) for _ in range(4))
    e += 1.0
    for _ in range(iterations):
        before = np.pad(y, 1)
        for i in range(height):
            for j in range(width):
                window = before[i:i + 3, j:j + 3]
                linking = (window * np.array([[0.5, 1, 0.5], [1, 0, 1], [0.5, 1, 0.5]])).sum()
                u[i, j] = decay * u[i, j] + stimulus[i, j] * (1 + link * linking)
        y = (u > e).astype(float)
        e = threshold_decay * e + boost * y
        counts += y
    return counts


def test_neurons_fire_as_the_equations_say() -> None:
    maps = torch.rand(3, 7, 6, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    counts = firing_counts(maps, 12)
    for number, values in enumerate(zip(*(value.tolist() for value in parameters(maps)), strict=True)):
        expected = fire_by_loops(maps[number].numpy(), list(values), 12)
        np.testing.assert_array_equal(counts[number].numpy(), expected)
    assert counts.max() > counts.min()


def test_the_parameters_by_hand() -> None:
    # Half 0.2 and half 0.8: spread 0.3; Otsu's threshold is the lower level, as near as the bins go.
    maps = torch.tensor([[[0.2, 0.8], [0.8, 0.2]]], dtype=torch.float64)
    level = otsu(maps).item()
    assert 0.2 - 1 / 63 <= level < 0.8
    decay, link, boost, threshold_decay = (value.item() for value in parameters(maps))
    assert decay == pytest.approx(0.3)
    assert link == pytest.approx((0.8 / level - 1) / 6)
    assert boost == pytest.approx(0.3 + 0.8 / level)
    alpha_e = np.log((boost / level) / ((1 - 0.3**3) / (1 - 0.3) + 6 * link * 0.3))
    assert threshold_decay == pytest.approx(np.exp(-alpha_e))


def test_otsu_agrees_with_scikit_image() -> None:
    filters = pytest.importorskip("skimage.filters")
    generator = np.random.default_rng(6)
    picture = np.clip(np.concatenate([generator.normal(0.25, 0.05, 800), generator.normal(0.7, 0.08, 400)]), 0, 1)
    ours = otsu(torch.from_numpy(picture).view(1, 30, 40)).item()
    low, high = picture <= ours, picture <= filters.threshold_otsu(picture)
    # The thresholds lie somewhere in the gap between both humps: the parts agree but for a few pixels.
    assert (low != high).mean() < 0.01


def test_maps_that_are_constant_make_no_trouble() -> None:
    for value in (0.0, 1.0):
        assert torch.isfinite(firing_counts(torch.full((1, 5, 5), value), 20)).all()


def test_stripes_are_finer_than_a_ramp_and_nothing_is_coarse() -> None:
    column = torch.arange(32.0)
    stripes = torch.where(column % 8 == 0, 1.0, -1.0 / 7).expand(32, 32)
    maps = torch.stack([stripes, (column / 31).expand(32, 32), torch.zeros(32, 32)]).unsqueeze(1)
    fine, coarse, nothing = high_pass_ratio(maps).squeeze(1).tolist()
    assert fine > coarse
    assert nothing == 0.0


def test_the_high_pass_ratio_is_that_of_scipys_gaussian() -> None:
    maps = torch.rand(1, 1, 19, 30, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    low = ndimage.gaussian_filter(maps[0, 0].numpy(), 2.0, mode="nearest", radius=6)
    expected = 10 * np.log10(maps.max().item() ** 2 / (low**2).mean())
    assert high_pass_ratio(maps).item() == pytest.approx(expected)
