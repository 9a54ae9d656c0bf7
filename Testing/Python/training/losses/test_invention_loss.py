"""The loss of invented contrast, against the figure of ``faithfulness`` and hand-made pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from loss_pairs import fusions, lost, pair

from MedFusionLib.faithfulness import invention as figure
from MedFusionLib.faithfulness.invention import SCALES, TOLERANCE
from MedFusionLib.training.losses.invention import _contrast


@pytest.mark.parametrize("shape", [(60, 64), (20, 22, 24)])
def test_copies_of_a_source_invent_nothing(shape: tuple[int, ...]) -> None:
    sources = pair(*shape)
    assert lost("invention", sources[:, 0], sources) == 0.0


def test_the_loss_is_what_the_figure_finds_beyond_half_of_its_tolerance(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = pair(60, 64)[:1]
    fused = fusions(sources)["noisy"]
    half = TOLERANCE / 2
    monkeypatch.setattr(figure, "TOLERANCE", half)
    found = figure.invention(fused[0], sources[0])
    outside = np.max([figure._outside_hull(fused[0], sources[0], sigma) for sigma in SCALES], axis=0)
    looked = np.maximum(fused[0], sources[0].max(axis=0)) > 0.02
    assert found.contrast > 0.05
    assert lost("invention", fused, sources) == pytest.approx(outside[looked].sum() / half / looked.sum(), rel=1e-4)


@pytest.mark.parametrize("shape", [(40, 44), (16, 18, 20)])
@pytest.mark.parametrize("sigma", SCALES)
def test_local_contrast_is_scipy_s(shape: tuple[int, ...], sigma: float) -> None:
    from scipy.ndimage import gaussian_filter

    picture = pair(*shape)[0, 0]
    expected = picture - gaussian_filter(picture, sigma, mode="nearest")
    made = _contrast(torch.from_numpy(picture)[None, None], sigma)[0, 0].numpy()
    np.testing.assert_allclose(made, expected, atol=2e-6)


def test_an_added_blob_is_lost_in_proportion() -> None:
    sources = np.full((1, 2, 64, 64), 0.5, np.float32)
    fused = sources[:, 0].copy()
    fused[0, 32, 32] += 0.3
    first = lost("invention", fused, sources)
    fused[0, 32, 32] += 0.3
    assert 0.0 < 1.9 * first < lost("invention", fused, sources)
