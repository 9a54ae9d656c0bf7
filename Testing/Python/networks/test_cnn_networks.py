"""The networks of the CNN family: layers and learned numbers worked out from the papers, gradients, odd sizes."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402
from learned_numbers import unmoved  # noqa: E402

from MedFusionLib.networks.siamese import PATCH  # noqa: E402

# DMC-Fusion is asked for few firings: its time grows with them.
SETTINGS = {"siamese": {}, "ifcnn": {}, "densefuse": {}, "mcfnet": {}, "dmcfusion": {"iterations": 2}, "unet": {}}
EVERY = pytest.mark.parametrize("name", SETTINGS)


def conv(inputs: int, outputs: int, voxels: int, bias: bool = True) -> int:
    """Learned numbers of a convolution whose kernel has ``voxels``."""
    return outputs * (inputs * voxels + bias)


def learned(name: str) -> int:
    """How many learned numbers network ``name`` has."""
    return sum(parameter.numel() for parameter in build(name).parameters())


def build_grey(name: str, **settings: Any) -> Any:
    """Network ``name`` with random weights that answers middle grey or so, where clipping hides no difference."""
    network = build(name, **settings)
    last = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)][-1]
    torch.nn.init.normal_(last.weight, std=0.06, generator=torch.Generator().manual_seed(7))
    torch.nn.init.constant_(last.bias, 0.5)
    return network


@EVERY
def test_every_parameter_learns(name: str) -> None:
    network = build(name, **SETTINGS[name]).train()
    sources = sources_of(name, 32, 32)
    assert unmoved(network, (network(sources) - sources.amax(1, keepdim=True)).square().mean()) == []


@EVERY
def test_a_slice_of_181_by_217_comes_back_as_such(name: str) -> None:
    with torch.inference_mode():
        assert build(name, **SETTINGS[name])(sources_of(name, 181, 217, batch=1)).shape == (1, 1, 181, 217)


def test_the_unet_takes_a_volume_of_odd_size() -> None:
    with torch.inference_mode():
        assert build("unet_3d")(sources_of("unet_3d", 37, 41, 29, batch=1)).shape == (1, 1, 37, 41, 29)


def test_the_siamese_network_has_the_layers_of_its_authors_program() -> None:
    assert learned("siamese") == conv(1, 64, 9) + conv(64, 128, 9) + conv(128, 256, 9) + conv(512, 2, 64)


def test_ifcnn_has_the_layers_of_its_paper() -> None:
    normalised = conv(64, 64, 9, bias=False) + 2 * 64
    assert learned("ifcnn") == conv(3, 64, 49, bias=False) + 2 * normalised + conv(64, 3, 1)


def test_densefuse_has_the_layers_of_its_paper() -> None:
    encoder = conv(1, 16, 9) + conv(16, 16, 9) + conv(32, 16, 9) + conv(48, 16, 9)
    assert learned("densefuse") == encoder + conv(64, 64, 9) + conv(64, 32, 9) + conv(32, 16, 9) + conv(16, 1, 9)


def test_mcfnet_sees_both_sources_on_every_layer() -> None:
    down = conv(1, 24, 9) + conv(24, 48, 9) + conv(48, 96, 9)
    # A transposed convolution has as many weights as a convolution.
    up = conv(192, 48, 25) + conv(48, 24, 25)
    beside = conv(3 * 48, 48, 9) + conv(3 * 24, 24, 9)
    assert learned("mcfnet") == down + up + beside + conv(24 + 2, 1, 9)


def test_the_up_convolution_of_mcfnet_is_four_small_convolutions_interleaved() -> None:
    layer, maps = build("mcfnet").enlarge[1][0], torch.rand(1, 48, 6, 7)
    enlarged, kernel = layer(maps), layer.weight.transpose(0, 1).flip(2, 3)
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        # Output pixels of one kind see every second row and column of the 5 x 5 kernel: 3 x 3, 3 x 2, 2 x 3 or 2 x 2.
        small = kernel[:, :, down::2, across::2]
        framed = torch.nn.functional.pad(maps, (1 - across, 1, 1 - down, 1))
        torch.testing.assert_close(enlarged[..., down::2, across::2],
                                   torch.nn.functional.conv2d(framed, small, layer.bias))


@pytest.mark.parametrize(("name", "dimension", "channels"), [("unet", 2, 16), ("unet_3d", 3, 16)])
def test_the_unet_has_four_levels_of_two_convolutions(name: str, dimension: int, channels: int) -> None:
    voxels, widths = 3**dimension, [channels, 2 * channels, 4 * channels, 8 * channels]
    down = sum(conv(a, b, voxels) + conv(b, b, voxels) for a, b in zip([2, *widths], widths, strict=False))
    up = sum(conv(2 * w, w, 2**dimension) + conv(2 * w, w, voxels) + conv(w, w, voxels) for w in widths[:3])
    assert learned(name) == down + up + conv(channels, 1, 1)


@pytest.mark.parametrize("name", ["ifcnn", "densefuse", "dmcfusion"])
def test_three_sources_in_any_order_fuse_alike(name: str) -> None:
    network = build_grey(name, **SETTINGS[name])
    sources = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        fused = network(sources)
        torch.testing.assert_close(network(sources[:, [2, 0, 1]]), fused)
    assert fused.std() > 1e-3


@pytest.mark.parametrize("name", ["densefuse", "dmcfusion"])
def test_equal_sources_come_out_as_the_autoencoder_gives_one_back(name: str) -> None:
    network = build_grey(name, **SETTINGS[name])
    picture = torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        torch.testing.assert_close(network(picture.expand(1, 2, 24, 24)), network.reconstruct(picture))


def test_the_rules_of_ifcnn_differ() -> None:
    sources = sources_of("ifcnn", 16, 16)
    with torch.inference_mode():
        fused = [build_grey("ifcnn", rule=rule)(sources) for rule in ("max", "mean", "sum")]
    assert not torch.equal(fused[0], fused[1])
    assert not torch.equal(fused[1], fused[2])


def test_the_siamese_weights_are_the_mean_over_the_patches_that_cover_a_pixel() -> None:
    network = build("siamese")
    sources = sources_of("siamese", 2 * PATCH, 2 * PATCH, batch=1)
    with torch.inference_mode():
        first = network.scores(sources).softmax(1)[0, 0]
        weights = network.weights(sources)[0, 0]
    for row, column in ((0, 0), (15, 8), (17, 30)):
        covering = [first[i, j] for i in range(9) for j in range(9)
                    if 2 * i <= row < 2 * i + PATCH and 2 * j <= column < 2 * j + PATCH]
        torch.testing.assert_close(weights[row, column], torch.stack(covering).mean())


def test_the_siamese_network_gives_equal_sources_back() -> None:
    picture = torch.rand(1, 1, 45, 38, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        torch.testing.assert_close(build("siamese")(picture.expand(1, 2, 45, 38)), picture)
