"""Measuring a fused volume that is already there."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.evaluate import evaluate


@pytest.fixture
def fused(patient):
    ct, mr = patient[:2]
    return ct.like(np.clip((ct.array + mr.array) / 3000.0, 0.0, 1.0).astype(np.float32), modality="unknown", unit="")


def test_a_mask_is_looked_into_and_one_on_another_grid_is_refused(patient, fused):
    inside = np.zeros(fused.array.shape, np.uint8)
    inside[8:16, 10:30, 10:30] = 1
    mask = fused.like(inside)
    assert evaluate(fused, patient[:2], mask)["entropy"] != evaluate(fused, patient[:2])["entropy"]
    mask.image.SetOrigin((0.0, 0.0, 0.0))
    with pytest.raises(BadInput, match="another grid"):
        evaluate(fused, patient[:2], mask)
    smaller = fused.like(inside)
    smaller = type(fused)(sitk.Crop(smaller.image, (1, 0, 0)), name="smaller")
    with pytest.raises(BadInput, match="voxels"):
        evaluate(fused, patient[:2], smaller)


def test_what_was_made_in_memory_is_checked_as_what_was_read(patient, fused):
    broken = fused.like(np.full(fused.array.shape, np.nan, np.float32), name="broken")
    with pytest.raises(BadInput, match=r"broken holds .* NaN"):
        evaluate(broken, patient[:2])
    blank = patient[1].like(np.zeros(fused.array.shape, np.float32), name="blank")
    with pytest.raises(BadInput, match="blank is constant"):
        evaluate(fused, [patient[0], blank])
