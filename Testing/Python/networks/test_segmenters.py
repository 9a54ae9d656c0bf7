"""The segmenters: numbers as in their rows, sizes, gradients."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")
# pytest puts the folder of a test on the path.
from learned_numbers import count, unmoved  # noqa: E402

from MedFusionLib.models.weights import build  # noqa: E402
from MedFusionLib.networks.catalog import NETWORKS  # noqa: E402
from MedFusionLib.networks.segmenters import SEGMENTERS, TRAINABLE  # noqa: E402
from MedFusionLib.networks.transfuse import structure_loss  # noqa: E402


@pytest.mark.parametrize("name", SEGMENTERS)
def test_a_segmenter_has_as_many_numbers_as_its_row_says(name: str) -> None:
    assert count(lambda: build(name)) == SEGMENTERS[name].parameters


@pytest.mark.parametrize("name", SEGMENTERS)
@pytest.mark.parametrize("size", [(37, 61), (5, 3)])
def test_probabilities_and_logits_have_the_size_of_the_slices(name: str, size: tuple[int, int]) -> None:
    slices = torch.rand(1, 3, *size)
    module = build(name).eval()
    with torch.inference_mode():
        probability, logits = module(slices), module.logits(slices)
    assert {tuple(maps.shape) for maps in (probability, *logits)} == {(1, 1, *size)}
    assert torch.allclose(probability, torch.sigmoid(logits[0]))


@pytest.mark.parametrize("name", SEGMENTERS)
def test_every_number_can_be_trained_by_the_supervised_outputs(name: str) -> None:
    torch.manual_seed(0)
    module = build(name).eval()
    truth = torch.zeros(2, 1, 48, 48)
    truth[..., 10:30, 12:30] = 1.0
    logits = module.logits(torch.rand(2, 3, 48, 48))
    assert not unmoved(module, sum(structure_loss(maps, truth) for maps in logits))


def test_segmenters_are_no_fusion_methods_but_can_have_weights() -> None:
    assert not NETWORKS.keys() & SEGMENTERS.keys()
    assert TRAINABLE.keys() == NETWORKS.keys() | SEGMENTERS.keys()
