"""Fusion of wavelet bands by the frozen features of a VGG-19."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402

from MedFusionLib.networks.wavelet_vgg import haar, inverse_haar  # noqa: E402


@pytest.fixture(scope="module")
def network():
    return build("wavelet_vgg")


def test_the_bands_are_those_of_pywavelets_made_means() -> None:
    pywt = pytest.importorskip("pywt")
    picture = torch.rand(6, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    low, (down, across, both) = pywt.dwt2(picture.numpy(), "haar")
    for own, other in zip(haar(picture), (low, across, down, both), strict=True):
        torch.testing.assert_close(own, torch.from_numpy(other) / 2)


def test_the_way_back_gives_the_picture() -> None:
    picture = torch.rand(2, 1, 10, 6)
    torch.testing.assert_close(inverse_haar(haar(picture)), picture)


def test_it_takes_the_same_weights_as_vgg_features(network) -> None:
    other = build("vgg_features").state_dict()
    assert {name: value.shape for name, value in network.state_dict().items()} == {
        name: value.shape for name, value in other.items()}
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_equal_sources_come_back_unchanged_at_odd_sizes(network) -> None:
    picture = torch.rand(1, 1, 21, 31, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        torch.testing.assert_close(network(picture.expand(1, 3, 21, 31)), picture)


def test_black_stays_black_in_every_block_of_two_by_two(network) -> None:
    sources = sources_of("wavelet_vgg", 24, 24)
    sources[..., :10] = 0.0
    with torch.inference_mode():
        fused = network(sources)
    assert not fused[..., :10].any()
    assert fused[..., 10:].mean() > 0.2


def test_the_low_band_is_the_mean_of_the_layers_and_a_detail_the_strongest(network, monkeypatch) -> None:
    shares = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.5, 0.5]])
    monkeypatch.setattr(network, "weights",
                        lambda band: [share.view(1, 2, 1, 1).expand_as(band) for share in shares])
    sources = torch.full((1, 2, 8, 8), 0.5)
    sources[0, 0] = 0.4
    sources[0, 1, :, ::2] = 0.7
    with torch.inference_mode():
        fused = network(sources)[0, 0]
    # The low bands are 0.4 and 0.6, the only detail is the second source's 0.1 across.
    torch.testing.assert_close(fused[:, ::2], torch.full((8, 4), 0.6))
    torch.testing.assert_close(fused[:, 1::2], torch.full((8, 4), 0.4))
