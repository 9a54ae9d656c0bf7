"""The transforms of our own do what they say, with numbers worked by hand."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from made_batches import chance, coloured, grey, luma  # noqa: E402

from MedFusionLib.errors import BadInput  # noqa: E402
from MedFusionLib.training.augmentation.colour import follow, turn_hues  # noqa: E402
from MedFusionLib.training.augmentation.crops import content, crop_by_content, cut_mix  # noqa: E402
from MedFusionLib.training.augmentation.histogram import equalise, match  # noqa: E402
from MedFusionLib.training.augmentation.sampling import balanced_draw, balanced_weights  # noqa: E402
from MedFusionLib.training.augmentation.step import (  # noqa: E402
    ByDimension,
    Part,
    PerAxis,
    Strength,
    resolve,
)
from MedFusionLib.training.augmentation.style import (  # noqa: E402
    exchange_amplitude,
    exchange_statistics,
    mix_amplitudes,
    partners,
)
from MedFusionLib.training.batch import Batch  # noqa: E402

BOTH = torch.tensor([True, True])
WHOLE = (1.0, 1.0)


def test_statistics_are_those_of_the_other_patient_over_what_is_not_black() -> None:
    first = torch.tensor([[0.0, 0.2], [0.3, 0.4]])
    second = torch.tensor([[0.5, 0.0], [0.6, 0.7]])
    made = exchange_statistics(Batch(torch.stack((first, second))[:, None], (False,)), BOTH, chance(), WHOLE)
    # Equal spread, means 0.3 and 0.6: the values of each move by 0.3.
    assert torch.allclose(made.sources[0, 0], torch.tensor([[0.0, 0.5], [0.6, 0.7]]), atol=1e-6)
    assert torch.allclose(made.sources[1, 0], torch.tensor([[0.2, 0.0], [0.3, 0.4]]), atol=1e-6)


def test_half_of_the_statistics_is_half_of_the_way() -> None:
    batch = grey(count=2)
    made = exchange_statistics(batch, BOTH, chance(), (0.5, 0.5))
    for place in range(2):
        own, lent, got = (one[one > 0] for one in (batch.sources[0, place], batch.sources[1, place],
                                                   made.sources[0, place]))
        assert got.mean() == pytest.approx(float(own.mean() + lent.mean()) / 2, abs=2e-3)
        assert got.std() == pytest.approx(float(own.std() + lent.std()) / 2, abs=2e-3)


def test_only_the_chosen_items_change() -> None:
    batch, chosen = grey(), torch.tensor([False, True, False])
    made = exchange_amplitude(batch, chosen, chance(), WHOLE, (0.05, 0.05))
    assert (made.sources != batch.sources).flatten(1).any(1).tolist() == chosen.tolist()


def test_low_amplitudes_are_the_others_and_phases_and_high_amplitudes_the_own() -> None:
    own, lent = torch.rand(1, 16, 15, generator=chance(1)), torch.rand(1, 16, 15, generator=chance(2))
    before, given, after = (torch.fft.fft2(one)[0] for one in (own, lent, mix_amplitudes(own, lent, 1.0, 0.13)))
    rows, columns = torch.fft.fftfreq(16).abs(), torch.fft.fftfreq(15).abs()
    low = (rows <= 0.13)[:, None] & (columns <= 0.13)[None]
    assert int(low.sum()) == 5 * 3
    assert torch.allclose(after[low].abs(), given[low].abs(), atol=1e-4)
    assert torch.allclose(after[~low], before[~low], atol=1e-4)
    assert torch.allclose(after[low] * before[low].abs(), before[low] * after[low].abs(), atol=1e-2)


def test_a_flat_picture_takes_the_mean_of_the_other() -> None:
    # Of a constant only the amplitude at frequency 0 differs from 0, and it is the mean.
    own, lent = torch.full((1, 8, 8), 0.2), torch.full((1, 8, 8), 0.6)
    assert torch.allclose(mix_amplitudes(own, lent, 0.25, 0.1), torch.full((1, 8, 8), 0.3), atol=1e-6)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_partner_is_always_someone_else(count: int) -> None:
    for seed in range(5):
        other = partners(count, chance(seed))
        assert sorted(other.tolist()) == list(range(count))
        assert not (other == torch.arange(count)).any()
    assert partners(1, chance()).tolist() == [0]


def test_a_histogram_is_matched_to_that_of_the_other_patient() -> None:
    pytest.importorskip("torchio")
    batch = grey(count=2)
    made = match(batch, torch.tensor([True, False]), chance())
    levels = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9])
    for place in range(2):
        got, lent = (one[one > 0].quantile(levels) for one in (made.sources[0, place], batch.sources[1, place]))
        assert torch.allclose(got, lent, atol=0.002)
    assert torch.equal(made.sources == 0, batch.sources == 0)


def test_an_evened_histogram_is_even() -> None:
    pytest.importorskip("monai")
    inside = torch.linspace(0.05, 1.0, 1000) ** 1.5
    picture = torch.cat((torch.zeros(200), inside)).reshape(1, 30, 40)
    made = equalise(picture, chance(), WHOLE)
    # The fullest of 256 bins, the first, holds 0.0121 of the voxels: no rank can be further off than two of it.
    assert torch.allclose(made.flatten()[200:], torch.linspace(0.0, 1.0, 1000), atol=0.0242)
    assert (made.flatten()[:200] == 0).all()


def test_colour_doubles_with_its_source_and_black_turns_grey() -> None:
    colour = torch.tensor([0.2, 0.1, 0.0]).reshape(3, 1, 1).repeat(1, 1, 2)
    colour[:, 0, 1] = 0.0
    before = luma(colour[None])
    after = torch.tensor([[[2 * float(before[0, 0, 0]), 0.3]]])
    made = follow(colour, before, after)
    assert torch.allclose(made[:, 0, 0], torch.tensor([0.4, 0.2, 0.0]), atol=1e-6)
    assert torch.allclose(made[:, 0, 1], torch.full((3,), 0.3), atol=1e-6)


def test_beyond_the_cube_hue_and_luma_stay() -> None:
    colour = torch.tensor([0.6, 0.1, 0.0]).reshape(3, 1, 1)
    before = luma(colour[None])
    made = follow(colour, before, 3 * before)
    assert float(luma(made[None])) == pytest.approx(3 * float(before), abs=1e-6)
    # Red is full; the other two keep their share of the chroma.
    assert float(made[0]) == pytest.approx(1.0, abs=1e-6)
    chroma, was = (one[:, 0, 0] - float(luma(one[None])) for one in (made, colour))
    assert torch.allclose(chroma / chroma[0], was / was[0], atol=1e-5)


def test_hues_turn_by_the_angle_with_their_order_and_luma() -> None:
    angles = torch.arange(12) * (torch.pi / 6)
    blue, red = 0.05 * torch.cos(angles), 0.05 * torch.sin(angles)
    made = turn_hues(_of_chroma(0.5, blue, red), chance(), (20.0, 20.0), WHOLE)
    assert torch.allclose(luma(made[None])[0, 0], torch.full((12,), 0.5), atol=1e-6)
    turned = torch.atan2((made[0, 0] - 0.5) / 1.402, (made[2, 0] - 0.5) / 1.772)
    assert torch.allclose((turned - angles) % (2 * torch.pi), torch.full((12,), 20.0 * torch.pi / 180), atol=1e-4)


def _of_chroma(grey_level: float, blue: torch.Tensor, red: torch.Tensor) -> torch.Tensor:
    """RGB (3, 1, n) of luma, Cb and Cr, by ITU-R BT.601's inverse."""
    green = grey_level - 0.344136 * blue - 0.714136 * red
    return torch.stack((grey_level + 1.402 * red, green, grey_level + 1.772 * blue))[:, None]


def test_a_box_is_the_other_patients_in_all_pictures() -> None:
    batch = coloured(count=2)
    made = cut_mix(batch, torch.tensor([True, False]), chance(), (0.5, 0.5))
    inside = (made.sources[0, 0] == batch.sources[1, 0]) & (made.sources[0, 1] == batch.sources[1, 1])
    assert int(inside[12:].sum()) > 0
    assert torch.equal(torch.where(inside, batch.colour[1], batch.colour[0]), made.colour[0])
    assert torch.equal(made.sources[1], batch.sources[1])


def test_the_box_of_a_flat_batch_has_the_size_that_was_asked_for() -> None:
    flat = torch.zeros(2, 1, 40, 20)
    flat[1] = 1.0
    made = cut_mix(Batch(flat, (False,)), torch.tensor([True, False]), chance(), (0.25, 0.25))
    assert made.sources[0].sum() == 10 * 5


def test_content_counts_the_sources_that_show_something() -> None:
    sources = torch.tensor([[[0.0, 0.5, 0.5]], [[0.01, 0.0, 0.9]], [[0.0, 0.0, 0.9]]])
    assert content(sources).tolist() == [[[0, 1, 2]]]


def test_crops_by_content_show_the_rare_classes_far_more_often_than_chance() -> None:
    pytest.importorskip("monai")
    sources = torch.zeros(1, 2, 64, 64)
    sources[0, 0, 8:12, 8:12] = 0.8
    sources[0, :, 50:54, 50:54] = 0.6
    batch = Batch(sources, (False, False))
    made = [crop_by_content(batch, torch.tensor([True]), chance(seed), (0.25, 0.25)).sources for seed in range(30)]
    shows = [((one[0, 0] > 0.7).any(), (one[0, 1] > 0.5).any()) for one in made]
    only_one, several = (sum(bool(show[place]) for show in shows) for place in (0, 1))
    # Cut anywhere each would be seen in some fifteen of a hundred; of voxels drawn by class it is 10 in 21 each.
    assert only_one >= 9
    assert several >= 9
    assert len(made) - only_one - several <= 8


def test_every_class_is_drawn_equally_often() -> None:
    classes = ["CT-MRI"] * 90 + ["PET-MRI"] * 9 + ["SPECT-MRI"]
    assert balanced_weights(classes)[::45] == pytest.approx([1 / 270, 1 / 270, 1 / 27])
    assert sum(balanced_weights(classes)) == pytest.approx(1.0)
    drawn = [classes[place] for place in balanced_draw(classes, 3000, chance())]
    for name in set(classes):
        assert drawn.count(name) == pytest.approx(1000, abs=110)
    assert balanced_draw(classes, 5, chance(4)) == balanced_draw(classes, 5, chance(4))


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(BadInput, match="no items"):
        balanced_weights([])


def test_settings_become_what_a_transform_takes() -> None:
    assert resolve(PerAxis(0.1), (40, 30, 20), 1.0) == (0.1, 0.1, 0.1)
    assert resolve(PerAxis(Strength(0.0, 4.0)), (40, 30), 0.25) == (1.0, 1.0)
    assert resolve(Part(0.1), (40, 30, 4), 1.0) == (4, 3, 1)
    assert resolve(Strength((1.0, 1.0), (0.5, 3.0)), (8, 8), 0.5) == (0.75, 2.0)
    assert [resolve(ByDimension("a", "b"), size, 1.0) for size in ((8, 8), (8, 8, 8))] == ["a", "b"]
    assert resolve("word", (8, 8), 0.0) == "word"
