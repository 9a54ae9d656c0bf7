"""A run without a choice gets the best method that can run here, by its name."""

from __future__ import annotations

import numpy as np
import pytest

from MedFusionLib import Recipe, run
from MedFusionLib.cli import main
from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import automatic, catalog


@pytest.fixture
def no_torch(monkeypatch):
    """A Slicer without the PyTorch extension."""
    there = catalog.find_spec
    monkeypatch.setattr(catalog, "find_spec", lambda name: None if name == "torch" else there(name))


def test_the_best_is_our_own_network_and_in_3_d_its_sibling():
    pytest.importorskip("torch")
    assert automatic.resolve("auto") == automatic.resolve("auto", "sagittal") == "medfusion"
    assert automatic.resolve("auto", "volume") == "medfusion_3d"


def test_without_pytorch_it_is_the_laplacian_pyramid_in_every_plane(no_torch):
    assert automatic.resolve("auto") == automatic.resolve("auto", "volume") == "laplacian"


def test_a_method_that_was_named_stays_even_where_it_cannot_run(no_torch):
    assert automatic.resolve("swinfusion", "volume") == "swinfusion"


def test_a_run_without_a_choice_tells_the_method_and_gives_its_voxels(patient, verdict):
    pytest.importorskip("torch")
    left, named = run(patient, Recipe(device="cpu")), run(patient, Recipe(method="medfusion", device="cpu"))
    assert left.fusions[0].method == left.recipe.method == left.record.recipe["method"] == "medfusion"
    np.testing.assert_array_equal(left.fused.array, named.fused.array)


def test_a_run_without_pytorch_tells_the_method_and_gives_its_voxels(patient, verdict, no_torch):
    left, named = run(patient[:2]), run(patient[:2], Recipe(method="laplacian"))
    assert left.fusions[0].method == left.record.recipe["method"] == "laplacian"
    np.testing.assert_array_equal(left.fused.array, named.fused.array)


def test_parameters_without_their_method_are_refused():
    with pytest.raises(BadInput, match=r"levels.*Name the method"):
        Recipe(parameters={"levels": 2})
    with pytest.raises(BadInput, match=r"levels.*Name the method"):
        Recipe.from_dict({"parameters": {"levels": 2}})


def test_the_list_of_methods_tells_which_is_taken(no_torch, capsys):
    assert main(["methods"]) == 0
    assert "laplacian is used" in capsys.readouterr().out
