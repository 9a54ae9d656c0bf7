"""Every preset: the same seed gives the same pictures, they change, stay in their range, and fit one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")
pytest.importorskip("torchio")
# pytest puts the folder of a test on the path.
from made_batches import chance, coloured, grey, luma  # noqa: E402

from MedFusionLib import models  # noqa: E402
from MedFusionLib.errors import BadInput, MissingDependency  # noqa: E402
from MedFusionLib.models import ModelCard, places, weights  # noqa: E402
from MedFusionLib.networks.catalog import NETWORKS  # noqa: E402
from MedFusionLib.training.augmentation import DEFAULT, PRESETS, apply, augment, transforms  # noqa: E402
from MedFusionLib.training.batch import Batch  # noqa: E402

CHANGING = [name for name in PRESETS if name != "none"]
VOLUMES = [name for name in CHANGING if 3 in PRESETS[name].dimensions]
CARD = ModelCard("pix2pix", "pix2pix", "0" * 64, 1, options=NETWORKS["pix2pix"].options)
# Those that only move pictures, all of an item alike.
MOVING = ["geometric", "balanced"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights of the conditional GAN, random ones."""
    made: Path = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    models.save(weights.build("pix2pix"), CARD, made)
    return made


@pytest.fixture(autouse=True)
def drawer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These weights are the only ones there are."""
    monkeypatch.setattr(places, "folders", lambda: (folder,))


@pytest.mark.parametrize("make", [grey, coloured])
@pytest.mark.parametrize("name", CHANGING)
def test_the_same_seed_gives_the_same_and_another_seed_something_else(name: str, make: Callable[[], Batch]) -> None:
    first, again, other = (augment(make(), name, chance(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.sources, again.sources)
    assert not torch.equal(first.sources, other.sources)
    if first.colour is not None:
        assert torch.equal(first.colour, again.colour)


@pytest.mark.parametrize("make", [grey, coloured])
@pytest.mark.parametrize("name", CHANGING)
def test_a_preset_changes_pictures_which_stay_in_range_and_leaves_the_batch_given_alone(
        name: str, make: Callable[[], Batch]) -> None:
    batch = make()
    for seed in range(3):
        made = augment(batch, name, chance(seed))
        for pictures in (made.sources, made.colour, made.clean):
            assert pictures is None or (torch.isfinite(pictures).all() and 0 <= pictures.min() <= pictures.max() <= 1)
        assert made.sources.shape == batch.sources.shape
        assert (made.sources - batch.sources).abs().mean() > 1e-4
        assert made.functional == batch.functional
    assert torch.equal(batch.sources, make().sources)


@pytest.mark.parametrize("name", VOLUMES)
def test_volumes_pass_too(name: str) -> None:
    batch = coloured((20, 18, 16), count=2)
    made = [augment(batch, name, chance(seed)) for seed in range(4)]
    assert all(one.sources.shape == (2, 2, 20, 18, 16) and torch.isfinite(one.sources).all() for one in made)
    assert any(not torch.equal(one.sources, batch.sources) for one in made)


@pytest.mark.parametrize("name", [name for name in CHANGING if name != "registration"])
def test_the_functional_source_stays_the_luma_of_the_colour(name: str) -> None:
    made = augment(coloured(), name, chance(3))
    assert torch.allclose(made.sources[:, 1], luma(made.colour), atol=1e-5)


def test_none_leaves_the_batch_as_it_is() -> None:
    made = augment(grey(), "none", chance())
    assert torch.equal(made.sources, grey().sources)
    assert made.clean is None


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("spatial", [(48, 40), (24, 20, 16)])
def test_what_is_the_same_in_all_pictures_of_an_item_moves_alike(name: str, spatial: tuple[int, ...]) -> None:
    one = grey(spatial).sources[:, :1]
    batch = Batch(one.expand(-1, 2, *spatial), (False, True), one.expand(-1, 3, *spatial), one.expand(-1, 2, *spatial))
    made = augment(batch, name, chance(5))
    moved = made.sources[:, :1]
    assert not torch.equal(moved, one)
    for pictures in (made.sources, made.colour, made.clean):
        assert torch.allclose(pictures, moved.expand_as(pictures), atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_landmark_is_found_at_one_place_in_both_sources_and_in_the_colour(seed: int) -> None:
    batch = Batch(torch.zeros(1, 2, 64, 64), (False, True), torch.zeros(1, 3, 64, 64))
    for pictures, bright in ((batch.sources[:, 0], 0.4), (batch.sources[:, 1], 0.9), (batch.colour, 0.9)):
        pictures[..., 28:33, 35:40] = bright
    made = augment(batch, "geometric", chance(seed))
    places_found = [_middle(one) for one in (*made.sources[0], *made.colour[0])]
    for place in places_found:
        assert place == pytest.approx(places_found[0], abs=0.05)
    assert len({tuple(map(round, _middle(augment(batch, "geometric", chance(k)).sources[0, 0]))) for k in range(4)}) > 1


def _middle(picture: torch.Tensor) -> list[float]:
    """The centre of mass, in voxels."""
    total = picture.sum()
    return [float((torch.arange(extent) * picture.sum(1 - axis)).sum() / total)
            for axis, extent in enumerate(picture.shape)]


@pytest.mark.parametrize("name", ["photometric", "intensity", "style_statistics", "style_fourier"])
def test_black_stays_black_where_only_intensities_change(name: str) -> None:
    # A band far from tissue, since blur may carry light a few voxels; a flip takes it from the top to the bottom.
    for seed in range(4):
        made = augment(coloured((64, 32)), name, chance(seed))
        for picture in (*made.sources.flatten(0, 1), *made.colour.flatten(0, 1)):
            assert min(picture[:8].max(), picture[-8:].max()) == 0


def test_the_loss_of_a_misaligned_batch_sees_what_was_aligned() -> None:
    batch = coloured()
    made = [augment(batch, "registration", chance(seed)) for seed in range(4)]
    assert any(not torch.equal(one.sources[:, 1], one.clean[:, 1]) for one in made)
    for one in made:
        # The anatomical source is the reference; the colour belongs to the aligned one.
        assert torch.equal(one.sources[:, 0], one.clean[:, 0])
        assert torch.equal(one.target.sources, one.clean)
        assert one.target.clean is None
        assert torch.allclose(one.clean[:, 1], luma(one.colour), atol=1e-5)


def test_a_misalignment_is_some_voxels_at_most() -> None:
    spot = torch.zeros(1, 2, 64, 64)
    spot[..., 31:34, 31:34] = 1.0
    for seed in range(6):
        made = augment(Batch(spot, (False, False)), "registration", chance(seed))
        shift = torch.tensor(_middle(made.sources[0, 1])) - torch.tensor(_middle(made.clean[0, 1]))
        assert shift.norm() < 5.0


def test_misalignment_comes_last_so_that_the_aligned_sources_pass_every_other_step() -> None:
    for preset in PRESETS.values():
        scopes = [step.scope == "input" for step in preset.steps]
        assert scopes == sorted(scopes), preset.name


def test_presets_are_named_as_they_are_kept_and_say_what_they_do() -> None:
    assert DEFAULT in PRESETS
    assert all(name == preset.name and preset.summary for name, preset in PRESETS.items())


def test_the_drawn_number_of_steps_acts_on_each_item() -> None:
    chosen = apply._choice(PRESETS["rand_augment"], 7, chance())
    assert chosen.sum(0).tolist() == [2] * 7
    assert chosen.any(1).sum() > 2


@pytest.mark.parametrize(("name", "match"), [("geometrik", "Did you mean geometric"), ("", "Known are none")])
def test_an_unknown_preset_is_refused(name: str, match: str) -> None:
    with pytest.raises(BadInput, match=match):
        augment(grey(), name, chance())


def test_a_preset_for_pictures_refuses_volumes() -> None:
    with pytest.raises(BadInput, match="generative does not take 3 dimensions"):
        augment(grey((8, 8, 8)), "generative", chance())


def test_generating_needs_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "folders", lambda: ())
    with pytest.raises(BadInput, match="pix2pix is not trained"):
        augment(grey(), "generative", chance())


def test_generating_never_replaces_a_functional_source_and_refuses_where_nothing_else_is() -> None:
    batch = coloured()
    for seed in range(4):
        made = augment(batch, "generative", chance(seed))
        # Flips come first, and only turn a picture over.
        assert torch.equal(made.sources[:, 1].flatten(1).sort().values, batch.sources[:, 1].flatten(1).sort().values)
    with pytest.raises(BadInput, match="one of them grey"):
        augment(replace(batch, functional=(True, True)), "generative", chance())


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    transforms._named.cache_clear()
    monkeypatch.setattr(transforms, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="needs monai"):
        augment(grey(), "geometric", chance())


@pytest.mark.parametrize("spatial", [(64, 64), (24, 24, 24)])
def test_bending_does_not_tear(spatial: tuple[int, ...]) -> None:
    (elastic,) = (step for step in PRESETS["geometric"].steps if "SmoothDeform" in step.transform)
    ramp = torch.linspace(0.0, 1.0, spatial[0]).reshape(1, -1, *(1,) * (len(spatial) - 1)).expand(1, *spatial)
    slope = 1.0 / (spatial[0] - 1)
    for seed in range(4):
        bent = transforms.load(elastic, spatial, 1.0, chance(seed))(ramp)
        assert (bent - ramp).abs().max() > 0.25 * slope
        steps = torch.cat([bent.diff(dim=axis).flatten().abs() for axis in range(1, bent.ndim)])
        # Places of the field lie a third of the half width apart and move by 0.06 of it at most, towards or away
        # from each other: 1 + 0.12 * 3 = 1.36, times n / (n - 1), since the grid counts voxels and not gaps.
        assert steps.max() < 1.36 * slope * spatial[0] / (spatial[0] - 1) + 1e-4
