"""Retention as a loss: the library's own structures in a batch, and its figure for what is kept of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loss_pairs import batch_of, coloured, pair

from MedFusionLib.errors import BadInput
from MedFusionLib.faithfulness import retention as library
from MedFusionLib.recolouring import recolour


def weighing(one: float, other: float) -> Any:
    """A fusion of two sources: one number each."""
    return lambda batch: one * batch.sources[:, :1] + other * batch.sources[:, 1:2]


def lost(batch: Any, fuse: Any) -> Any:
    from MedFusionLib.training.losses import LOSSES

    return LOSSES["retention"](fuse(batch), batch, fuse)


def plans(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The plans that the loss makes, as it makes them."""
    from MedFusionLib.training.losses import planting

    made: list[Any] = []

    def note(*args: Any, **options: Any) -> Any:
        made.append(library.plan_structures(*args, **options))
        return made[-1]

    monkeypatch.setattr(planting, "plan_structures", note)
    return made


@pytest.mark.parametrize("kind", ["grey", "coloured"])
def test_the_loss_is_what_the_library_s_figure_misses(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    torch.manual_seed(3)
    batch = batch_of(pair(90, 84, batch=6)) if kind == "grey" else coloured(90, 84, batch=6)[0]
    made, fuse = plans(monkeypatch), weighing(0.5, 0.4)
    value = float(lost(batch, fuse))

    def fused_layers(layers: Any) -> np.ndarray:
        grey = np.asarray(0.5 * layers[0].grey + 0.4 * layers[1].grey, np.float32)
        return grey if layers[1].colour is None else recolour(grey, layers[1].colour)

    kept = [one.retained for plan in made for one in library.retention(fused_layers, plan).planted]
    assert len(kept) > 30
    assert {number for plan in made for number, _, _ in plan.planted} == {0, 1}
    assert value == pytest.approx(1.0 - np.minimum(kept, 1.0).mean(), abs=1e-3)


def test_a_fusion_that_drops_a_source_loses_its_structures() -> None:
    import torch

    torch.manual_seed(0)
    batch = batch_of(pair(90, 84, batch=8))
    both, first = (float(lost(batch, weighing(*weights))) for weights in ((0.5, 0.5), (1.0, 0.0)))
    assert both < 0.75
    assert 0.2 < first < 0.8


def test_structures_of_functional_pairs_also_go_into_anatomy_where_the_function_is_hot() -> None:
    import torch

    from MedFusionLib.training.losses.planting import planted

    batch, _, colour = coloured(90, 84, batch=12)
    changed, _ = planted(batch, torch.Generator().manual_seed(1))
    difference = (changed.sources - batch.sources).abs().amax(1) > 0.02
    anatomical = ((changed.sources - batch.sources).abs()[:, 0] > 0.02).flatten(1).any(1)
    hot = torch.tensor(colour.max(axis=-1) >= 0.5)
    inside = torch.stack([(difference[item] & hot[item]).sum() / difference[item].sum() for item in range(12)])
    assert int((anatomical & (inside == 1.0)).sum()) >= 2
    assert int((inside < 1.0).sum()) >= 2


def test_the_same_generator_plants_the_same() -> None:
    import torch

    from MedFusionLib.training.losses.planting import planted

    batch = batch_of(pair(60, 64))
    first, again, other = (planted(batch, torch.Generator().manual_seed(seed))[0].sources for seed in (4, 4, 5))
    assert bool((first == again).all())
    assert bool((first != other).any())
    assert float(first.min()) >= 0.0
    assert float(first.max()) <= 1.0


def test_the_gradient_reaches_the_weights_and_betters_what_is_kept() -> None:
    import torch

    batch = batch_of(pair(90, 84, batch=4))
    weights = torch.tensor([0.8, 0.2], requires_grad=True)
    torch.manual_seed(0)
    lost(batch, lambda each: (each.sources * weights.view(1, 2, 1, 1)).sum(1, keepdim=True)).backward()
    assert weights.grad is not None
    assert bool(torch.isfinite(weights.grad).all())
    # More of the source that is hardly shown keeps more.
    assert float(weights.grad[1]) < 0


def test_without_room_nothing_is_lost_and_without_the_network_it_is_refused() -> None:
    from MedFusionLib.training.losses import LOSSES

    black = batch_of(np.zeros((2, 2, 40, 40), np.float32))
    assert float(lost(black, weighing(0.5, 0.5))) == 0.0
    with pytest.raises(BadInput, match="without the network"):
        LOSSES["retention"](black.sources[:, :1], black)


def test_in_three_dimensions_too() -> None:
    import torch

    torch.manual_seed(0)
    batch = batch_of(pair(40, 36, 38, batch=2))
    assert 0.2 < float(lost(batch, weighing(0.5, 0.5))) < 0.8
