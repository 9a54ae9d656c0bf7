"""A network for volumes begins with what its sibling for pictures learned."""

from __future__ import annotations

from pathlib import Path

import pytest

from MedFusionLib import models
from MedFusionLib.errors import BadInput
from MedFusionLib.models import ModelCard, weights

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors.torch")

# What imports torch comes after the test for it.
from MedFusionLib.models.inflated import inflate, load_or_inflate  # noqa: E402


def stored(name: str, folder: Path, options: dict[str, int] | None = None) -> Path:
    """A file of random weights of network ``name``."""
    torch.manual_seed(3)
    network = weights.build(name)
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return models.save(network, ModelCard(name, name, "0" * 64, 1, options=options or {}), folder)


@pytest.mark.parametrize("functional", [None, (False, True)])
@pytest.mark.parametrize("depth", [4, 7])
def test_a_volume_of_equal_slices_gives_what_a_slice_gives(
    tmp_path: Path, functional: tuple[bool, ...] | None, depth: int,
) -> None:
    flat = models.load("medfusion", stored("medfusion", tmp_path))
    deep = weights.build("medfusion_3d")
    inflate(flat, deep)
    slices = torch.rand(1, 2, 21, 30)
    colours = None if functional is None else torch.rand(1, 1, 3, 21, 30)
    volume = slices.unsqueeze(2).expand(-1, -1, depth, -1, -1)
    coloured = None if colours is None else colours.unsqueeze(3).expand(-1, -1, -1, depth, -1, -1)
    with torch.inference_mode():
        expected = flat(slices, functional, colours).unsqueeze(2).expand(-1, -1, depth, -1, -1)
        torch.testing.assert_close(deep(volume, functional, coloured), expected, atol=1e-5, rtol=0)


def test_weights_of_pictures_are_inflated_and_its_own_are_taken_as_they_are(tmp_path: Path) -> None:
    inflated = load_or_inflate("medfusion_3d", stored("medfusion", tmp_path))
    assert not inflated.training
    assert inflated.stem.weight.shape[2:] == (2, 2, 2)
    own = stored("medfusion_3d", tmp_path, {"dimension": 3})
    assert torch.equal(load_or_inflate("medfusion_3d", own).stem.weight, models.load("medfusion_3d", own).stem.weight)


def test_weights_of_any_other_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="of the network ifcnn, not medfusion_3d"):
        load_or_inflate("medfusion_3d", stored("ifcnn", tmp_path))
    with pytest.raises(BadInput, match="of the network medfusion, not ifcnn"):
        load_or_inflate("ifcnn", stored("medfusion", tmp_path))
