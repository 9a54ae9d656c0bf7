"""Methods compute where the recipe says, and the callers see only numpy."""

from __future__ import annotations

import numpy as np
import pytest

from MedFusionLib import Recipe, run
from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.fusion import catalog, device
from MedFusionLib.fusion.inference import fuse_arrays


def test_auto_leaves_methods_without_weights_on_the_cpu_as_they_are():
    method = catalog.load("laplacian")
    assert device.place(method, "auto") is method
    assert device.place(method, "cpu") is method


@pytest.mark.parametrize("name", ["maximum", "laplacian"])
def test_torch_gives_the_voxels_that_numpy_gives(name):
    pytest.importorskip("torch")
    sources = np.random.default_rng(0).random((2, 9, 14, 11), dtype=np.float32)
    validity = np.ones(sources.shape, bool)
    validity[0, :, :5] = False
    method = catalog.load(name)
    moved = device.OnDevice(method, "cpu")
    np.testing.assert_allclose(
        fuse_arrays(moved, sources, validity, "axial"), fuse_arrays(method, sources, validity, "axial"), atol=1e-6
    )


def test_a_device_that_is_not_there_is_refused_before_registration(patient, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(device, "_present", lambda name: False)
    with pytest.raises(BadInput, match="'mps' is not present"):
        run(patient[:2], Recipe(device="mps"))
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="needs torch"):
        run(patient[:2], Recipe(device="cuda"))


def test_a_recipe_names_only_known_devices():
    assert Recipe.from_json(Recipe(device="cuda").to_json()).device == "cuda"
    with pytest.raises(BadInput, match="toaster"):
        Recipe.from_dict({"device": "toaster"})
