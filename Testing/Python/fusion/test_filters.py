"""Separable filters against SciPy's own, also where they are worth threads."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from MedFusionLib.fusion.filters import correlate

LARGE = (4, 300, 4, 80)


@pytest.mark.parametrize("cores", [1, 3, 64])
@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1])
def test_no_axis_is_cut_that_is_filtered_along(axis, cores, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    array = np.random.default_rng(0).random(LARGE, np.float32)
    taps = (0.1, 0.2, 0.4, -0.3, 0.6)
    np.testing.assert_array_equal(correlate(array, taps, axis), correlate1d(array, taps, axis, mode="nearest"))
    flat = array.ravel()
    np.testing.assert_array_equal(correlate(flat, taps, 0), correlate1d(flat, taps, mode="nearest"))
