"""Windows: hand-worked values and clear refusals."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.intensity import choose_window
from MedFusionLib.volume import Volume


def _volume(array, **fields):
    return Volume(sitk.GetImageFromArray(array), **fields)


def test_a_ct_gets_the_soft_tissue_window_and_maps_hounsfield_units_linearly():
    ct = _volume(np.array([[[-160.0, 40.0, 240.0, 3000.0, -1000.0]]], np.float32), modality="CT", unit="HU")
    window = choose_window(ct)
    assert (window.name, window.lower, window.upper) == ("soft tissue", -160.0, 240.0)
    np.testing.assert_allclose(window.apply(ct.array).ravel(), [0, 0.5, 1, 1, 0])


def test_an_eight_bit_picture_is_taken_from_0_to_255():
    window = choose_window(_volume(np.arange(256, dtype=np.uint8).reshape(16, 16)))
    assert (window.lower, window.upper) == (0.0, 255.0)


def test_robust_percentiles_ignore_the_background_of_an_mr():
    values = np.zeros(20_000, np.float32)
    values[:1001] = np.linspace(100, 1100, 1001)
    window = choose_window(_volume(values.reshape(20, 20, 50), modality="MR"))
    assert window.lower == pytest.approx(105)
    assert window.upper == pytest.approx(1095)


def test_a_functional_source_starts_at_zero():
    pet = _volume(np.random.default_rng(0).random((8, 8, 8), dtype=np.float32) + 3, modality="PET")
    assert choose_window(pet).lower == 0.0


@pytest.mark.parametrize("choice", ["teeth", (5, 5), (3, 1), (0, float("nan")), (1, 2, 3)])
def test_a_window_that_is_none_is_refused(choice):
    with pytest.raises(BadInput):
        choose_window(_volume(np.zeros((3, 3, 3), np.float32)), choice)


def test_a_hounsfield_window_is_refused_for_an_suv_volume():
    with pytest.raises(BadInput, match="SUV"):
        choose_window(_volume(np.ones((3, 3, 3), np.float32), modality="PET", unit="SUV"), "bone")
