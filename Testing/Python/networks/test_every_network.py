"""What every row of the networks' catalog promises, whoever wrote it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from MedFusionLib.fusion.card import Card
from MedFusionLib.networks.catalog import NETWORKS

torch = pytest.importorskip("torch")
# pytest puts the folder of a test on the path.
from every_network import build, sources_of  # noqa: E402

SMALL = {2: (37, 41), 3: (9, 13, 11)}
EVERY = pytest.mark.parametrize("name", NETWORKS)


def test_the_rows_are_read_without_torch() -> None:
    code = "import sys; import MedFusionLib.networks.catalog; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_two_rows_share_a_name() -> None:
    from MedFusionLib.networks import catalog

    rows = (*catalog._CNN, *catalog._GAN, *catalog._TRANSFORMER)
    assert len(rows) == len(NETWORKS)


@EVERY
def test_the_row_counts_the_learned_numbers_of_its_network(name: str) -> None:
    assert sum(parameter.numel() for parameter in build(name).parameters()) == NETWORKS[name].parameters


@EVERY
def test_the_output_is_one_picture_of_the_same_size_in_0_to_1(name: str) -> None:
    network = build(name)
    for dimension in NETWORKS[name].dimensions:
        sources = sources_of(name, *SMALL[dimension])
        with torch.inference_mode():
            fused = network(sources)
        assert fused.shape == (2, 1, *SMALL[dimension])
        assert fused.dtype == torch.float32
        assert torch.isfinite(fused).all()
        assert fused.min() >= 0
        assert fused.max() <= 1


@EVERY
def test_the_order_of_the_sources_matters_only_where_the_row_says_so(name: str) -> None:
    network = build(name)
    sources = sources_of(name, *SMALL[NETWORKS[name].dimensions[0]])
    with torch.inference_mode():
        same = torch.allclose(network(sources.flip(1)), network(sources), atol=1e-5)
    assert same == NETWORKS[name].symmetric


@EVERY
def test_a_voxel_looks_no_further_than_the_row_says(name: str) -> None:
    row = NETWORKS[name]
    if row.receptive_field is None:
        pytest.skip("looks at everything")
    network, dimension = build(name), row.dimensions[0]
    across = 2 * (row.receptive_field + 8) + 1
    size = (across, 8) if dimension == 2 else (across, 8, 8)
    sources = sources_of(name, *size, batch=1).requires_grad_()
    middle = across // 2
    for place in range(middle, middle + 4):
        sources.grad = None
        network(sources)[0, 0, place].sum().backward()
        rows = sources.grad[0].abs().sum(dim=tuple(d for d in range(sources.dim() - 1) if d != 1)).nonzero()
        assert (rows - place).abs().max() <= row.receptive_field


def test_every_row_makes_a_card_whose_settings_pass_their_own_check() -> None:
    for row in NETWORKS.values():
        card = Card(row.name, row.title, row.family, row.reference, row.summary, parameters=row.settings)
        assert card.settle(card.settle({})) == card.settle({})
        assert row.summary
        assert not row.summary.endswith(".")
        assert row.workspace > 0
