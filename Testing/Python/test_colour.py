"""Colour maps, luma and chroma against pydicom's palettes and scikit-image."""

import numpy as np
import pytest

from MedFusionLib.colour import COLOUR_MAPS, colour_table, mix_colours, to_colour, to_lab
from MedFusionLib.errors import BadInput

DICOM_PALETTES = {
    "hot iron": "HOT_IRON",
    "PET": "PET",
    "hot metal blue": "HOT_METAL_BLUE",
    "PET 20 step": "PET_20_STEP",
}


@pytest.mark.parametrize("name", DICOM_PALETTES)
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_the_dicom_palettes_agree_with_pydicom_within_one_step(name):
    from pydicom.pixels import apply_color_lut

    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = np.asarray(apply_color_lut(ramp, palette=DICOM_PALETTES[name])).reshape(256, 3).astype(int)
    assert np.abs(expected - colour_table(name).astype(int)).max() <= 2


def test_an_unknown_colour_map_is_refused_with_the_known_names():
    with pytest.raises(BadInput, match="hot iron"):
        colour_table("pink elephant")


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_every_map_starts_black_so_that_no_uptake_has_no_colour(name):
    assert to_colour(np.zeros((2, 2), np.float32), name).max() == 0


def test_mixing_a_colour_with_black_gives_the_colour():
    red = np.zeros((2, 2, 3), np.float32)
    red[..., 0] = 1
    np.testing.assert_allclose(mix_colours([red, np.zeros_like(red)]), red)


def test_lab_agrees_with_scikit_image():
    from skimage.color import rgb2lab

    rgb = np.random.default_rng(2).random((20, 20, 3), dtype=np.float32)
    np.testing.assert_allclose(to_lab(rgb), rgb2lab(rgb.astype(np.float64)), atol=1e-6)
