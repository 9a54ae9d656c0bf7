"""Volumes and pictures through methods: planes, tiles, fields of view, memory, and the checks at the door."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from MedFusionLib.errors import BadInput, Cancelled
from MedFusionLib.fusion import catalog, inference, memory
from MedFusionLib.fusion.inference import fuse_arrays


def noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def only_pictures(name: str) -> Any:
    method = catalog.load(name)
    method.card = replace(method.card, dimensions=(2,))
    return method


@pytest.mark.parametrize("plane", [None, "axial", "coronal", "sagittal", "all", "volume"])
def test_the_maximum_is_the_maximum_in_every_plane(plane: str | None) -> None:
    sources = noise(2, 9, 14, 11)
    np.testing.assert_allclose(fuse_arrays(catalog.load("maximum"), sources, plane=plane), sources.max(0), atol=1e-6)


@pytest.mark.parametrize(("plane", "axis"), [("axial", 0), ("coronal", 1), ("sagittal", 2)])
def test_a_plane_is_fused_slice_by_slice_whatever_the_batch(plane: str, axis: int,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    sources = noise(2, 12, 16, 14)
    method = catalog.load("laplacian")
    slices = [method.fuse(sources.take(i, axis + 1)[None])[0, 0] for i in range(sources.shape[axis + 1])]
    monkeypatch.setattr(inference, "_BATCH_BYTES", 40_000)
    np.testing.assert_allclose(fuse_arrays(method, sources, plane=plane), np.stack(slices, axis), atol=1e-6)


def test_all_planes_are_the_mean_of_three() -> None:
    sources = noise(2, 12, 16, 14)
    method = catalog.load("laplacian")
    three = [fuse_arrays(method, sources, plane=plane) for plane in inference.PLANES]
    np.testing.assert_allclose(fuse_arrays(method, sources, plane="all"), np.mean(three, 0), atol=1e-6)


def test_a_method_for_pictures_takes_a_volume_by_axial_slices_and_refuses_3d_by_name() -> None:
    sources = noise(2, 5, 16, 14)
    method = only_pictures("laplacian")
    np.testing.assert_array_equal(fuse_arrays(method, sources), fuse_arrays(method, sources, plane="axial"))
    with pytest.raises(BadInput, match=r"plane 'volume'.*axial"):
        fuse_arrays(method, sources, plane="volume")


def test_a_picture_has_no_plane_and_is_fused_as_it_is() -> None:
    sources = noise(2, 16, 14)
    method = catalog.load("laplacian")
    for plane in (None, "axial", "all", "volume"):
        np.testing.assert_array_equal(fuse_arrays(method, sources, plane=plane), method.fuse(sources[None])[0, 0])


@pytest.mark.parametrize(("name", "parameters"), [
    ("laplacian", {"levels": 3}), ("dwt", {}), ("swt", {}), ("weighted_gradient", {}),
    ("weighted_saliency", {}), ("guided_filter", {"base_radius": 10})])
def test_tiles_give_what_the_whole_gives(name: str, parameters: dict[str, Any]) -> None:
    method = catalog.load(name, **parameters)
    sources = noise(2, 6, 20, 270)
    whole = fuse_arrays(method, sources)
    np.testing.assert_allclose(fuse_arrays(method, sources, tile=64), whole, atol=1e-5)


def test_a_method_that_looks_at_everything_cannot_be_tiled() -> None:
    with pytest.raises(BadInput, match="pca cannot fuse tiles"):
        fuse_arrays(catalog.load("pca"), noise(2, 4, 4, 4), tile=64)


@pytest.mark.parametrize("name", ["maximum", "average", "laplacian", "dwt", "guided_filter", "reliability"])
def test_outside_a_field_of_view_the_other_source_is_exact_and_outside_both_is_zero(name: str) -> None:
    sources = noise(2, 10, 24, 26)
    validity = np.ones(sources.shape, bool)
    validity[0, :, :8], validity[1, :, :, 20:] = False, False
    fused = fuse_arrays(catalog.load(name), np.where(validity, sources, np.float32(1)), validity)
    first_only, second_only = validity[0] & ~validity[1], validity[1] & ~validity[0]
    np.testing.assert_array_equal(fused[first_only], sources[0][first_only])
    np.testing.assert_array_equal(fused[second_only], sources[1][second_only])
    assert not fused[~validity.any(axis=0)].any()


def test_three_sources_use_the_two_that_see() -> None:
    sources = noise(3, 6, 10, 10)
    validity = np.ones(sources.shape, bool)
    validity[2, :, 5:] = False
    fused = fuse_arrays(catalog.load("maximum"), sources, validity)
    np.testing.assert_array_equal(fused[:, 5:], sources[:2, :, 5:].max(0))
    np.testing.assert_array_equal(fused[:, :5], sources[:, :, :5].max(0))


def test_a_field_of_view_that_ends_in_an_even_area_leaves_no_frame() -> None:
    sources = np.stack([np.full((40, 60), 0.3, np.float32), np.full((40, 60), 0.8, np.float32)])
    validity = np.ones(sources.shape, bool)
    validity[1, :, 30:] = False
    sources[1, :, 30:] = 0
    for name in ("laplacian", "dwt", "swt"):
        fused = fuse_arrays(catalog.load(name), sources, validity)
        np.testing.assert_allclose(fused[:, :30], 0.8, atol=0.03)


def test_validity_of_the_wrong_shape_or_a_blind_source_is_refused() -> None:
    sources = noise(2, 4, 5, 6)
    with pytest.raises(BadInput, match="validity"):
        fuse_arrays(catalog.load("maximum"), sources, np.ones((4, 5, 6), bool))
    blind = np.ones(sources.shape, bool)
    blind[1] = False
    with pytest.raises(BadInput, match="source 2 has no valid voxel"):
        fuse_arrays(catalog.load("maximum"), sources, blind)


@pytest.mark.parametrize(("change", "words"), [
    (lambda s: s * 255, "range from"), (lambda s: s - 1, "range from"),
    (lambda s: np.where(s > 0.9, np.nan, s), "range from nan"), (lambda s: s[:1], "not 1"),
    (lambda s: s[0, 0], "shape"), (lambda s: s[:, :0], "shape")])
def test_sources_that_cannot_be_fused_are_refused(change: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        fuse_arrays(catalog.load("maximum"), change(noise(2, 5, 6, 7)))


def test_an_unknown_plane_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"'transverse'.*axial"):
        fuse_arrays(catalog.load("maximum"), noise(2, 5, 6, 7), plane="transverse")


def test_too_little_memory_makes_tiles_and_then_a_refusal_with_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = noise(2, 4, 8, 400)
    method = catalog.load("weighted_gradient")
    whole = fuse_arrays(method, sources)
    messages: list[str] = []
    monkeypatch.setattr(inference, "available_bytes", lambda: int(sources.nbytes * 6.5))
    fused = fuse_arrays(method, sources, progress=lambda stage, part, message="": messages.append(message))
    np.testing.assert_allclose(fused, whole, atol=1e-6)
    assert any("block 2 of" in message for message in messages)
    monkeypatch.setattr(inference, "available_bytes", lambda: 1000)
    with pytest.raises(BadInput, match=r"needs about .* GiB .* free"):
        fuse_arrays(method, sources)


def test_the_free_memory_is_a_plausible_number() -> None:
    free = memory.available_bytes()
    assert free is None or 2**20 < free < 2**50


def test_progress_rises_to_one_and_a_cancel_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "_BATCH_BYTES", 5000)
    sources = noise(2, 12, 16, 14)
    fractions: list[float] = []
    fuse_arrays(catalog.load("maximum"), sources, plane="all",
                progress=lambda stage, part, message="": fractions.append(part))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(fractions) > 6

    def stop(stage: str, fraction: float, message: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fuse_arrays(catalog.load("maximum"), sources, plane="axial", progress=stop)
