"""The weights that come with MedFusion: small, described, and doing what a reader may expect of a fused picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from MedFusionLib.colour import luma, to_colour
from MedFusionLib.fusion import catalog
from MedFusionLib.intensity import Window
from MedFusionLib.layers import Layer, fuse_tone
from MedFusionLib.models import ModelCard, card_of
from MedFusionLib.networks.catalog import NETWORKS
from MedFusionLib.resources import resource

pytest.importorskip("torch")

FILES = sorted(resource("Models").glob("*.safetensors"))
TRAINED = [file for file in FILES if file.stem in NETWORKS and 2 in NETWORKS[file.stem].dimensions
           and file.stem in catalog.names()]
EVERY = pytest.mark.parametrize("file", TRAINED, ids=lambda file: file.stem)


@pytest.fixture(scope="module")
def sources() -> Any:
    """Two pictures of 96 x 96: a bright ring with dark tissue in it, and textured tissue with no ring; black around."""
    rows, columns = np.mgrid[:96, :96]
    radius = np.hypot(rows - 48, columns - 48)
    ring = np.where(np.abs(radius - 36) < 3, 0.95, np.where(radius < 33, 0.2, 0.0))
    texture = np.where(radius < 33, 0.5 + 0.25 * np.sin(rows * 0.7) * np.sin(columns * 0.5), 0.0)
    return np.stack((ring, texture))[None].astype(np.float32)


def fused(file: Path, sources: Any) -> Any:
    settings = {"iterations": 20} if file.stem == "dmcfusion" else {}
    return catalog.load(file.stem, weights=str(file), **settings).fuse(sources)[0, 0]


def test_all_weights_together_take_at_most_30_megabytes() -> None:
    assert 0 < sum(file.stat().st_size for file in FILES) <= 30e6


@EVERY
def test_the_card_tells_where_the_weights_come_from(file: Path) -> None:
    card = ModelCard.read(card_of(file))
    assert (resource("Training").parent.parent / card.recipe).is_file()
    assert card.data
    assert card.seconds > 0
    assert {"training", "validation", "test"} <= set(card.splits)
    assert all(entry.get("terms") not in ("", "not stated", None) for entry in card.data)


@EVERY
def test_black_stays_black_and_both_sources_are_seen(file: Path, sources: Any) -> None:
    picture = fused(file, sources)
    rows, columns = np.mgrid[:96, :96]
    radius = np.hypot(rows - 48, columns - 48)
    assert picture[radius > 46].mean() < 0.02
    assert picture[np.abs(radius - 36) < 1].mean() > 0.6
    inside = radius < 26
    assert np.corrcoef(picture[inside], sources[0, 1][inside])[0, 1] > 0.8


@pytest.mark.parametrize("name", [file.stem for file in FILES if file.stem.startswith("medfusion")])
def test_smooth_sources_fuse_to_a_smooth_picture_without_dots_that_hide_one_of_them(name: str) -> None:
    size = (96, 96) if NETWORKS[name].dimensions == (2,) else (8, 96, 96)
    rows, columns = np.indices(size)[-2:]
    head = np.clip(1.3 - np.hypot(rows - 48, columns - 48) / 40, 0, 1)
    anatomy = head * (0.6 + 0.3 * np.sin(rows / 8.0) * np.sin(columns / 9.0))
    function = head * (0.5 + 0.5 * np.sin(columns / 11.0))
    colour = to_colour(function.astype(np.float32), "fire")
    seen, window = np.ones(size, bool), Window("full", 0.0, 1.0)
    layers = [Layer("MR", anatomy.astype(np.float32), seen, window, "grey"),
              Layer("PET", luma(colour), seen, window, "fire", colour)]
    rough = [np.abs(np.diff(picture, 2, axis=-1)).mean() for picture in (fuse_tone(catalog.load(name), layers).luma,
                                                                         *(layer.grey for layer in layers))]
    assert rough[0] < 1.5 * max(rough[1:])
