"""The network that decides directional bands."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import unmoved  # noqa: E402


def test_every_parameter_learns() -> None:
    network = build("contourlet_cnn").train()
    bands = sources_of("contourlet_cnn", 16, 17) - 0.5
    assert unmoved(network, network(bands).square().mean()) == []


def test_the_fused_coefficient_lies_between_those_of_the_sources() -> None:
    bands = sources_of("contourlet_cnn", 16, 17) - 0.5
    with torch.inference_mode():
        fused = build("contourlet_cnn")(bands)
    assert (fused >= bands.amin(1, keepdim=True) - 1e-6).all()
    assert (fused <= bands.amax(1, keepdim=True) + 1e-6).all()


def test_the_decision_depends_neither_on_sign_nor_on_scale() -> None:
    network, bands = build("contourlet_cnn"), sources_of("contourlet_cnn", 16, 17) - 0.5
    with torch.inference_mode():
        torch.testing.assert_close(network.weights(-0.01 * bands), network.weights(bands))


def test_bands_of_nothing_stay_nothing() -> None:
    with torch.inference_mode():
        assert not build("contourlet_cnn")(torch.zeros(1, 2, 9, 9)).any()
