"""Another frame in training, and Dice."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

from MedFusionLib.segmentation.score import dice  # noqa: E402
from MedFusionLib.training.augmentation.presets import PRESETS  # noqa: E402
from MedFusionLib.training.augmentation.transforms import load  # noqa: E402
from MedFusionLib.training.segmentation.reframe import reframe  # noqa: E402


def _boxes(pictures: torch.Tensor) -> list[tuple[int, ...]]:
    """The box in which each picture is not black; its inside is wholly white."""
    boxes = []
    for picture in pictures:
        rows, columns = picture.any(1).nonzero().flatten(), picture.any(0).nonzero().flatten()
        box = (int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1]))
        assert picture[box[0]:box[1] + 1, box[2]:box[3] + 1].all()
        boxes.append(box)
    return boxes


def test_a_new_frame_is_one_box_for_all_channels_and_the_outline() -> None:
    framed = reframe(torch.ones(64, 4, 40, 50), 2, torch.Generator().manual_seed(3))
    ct, pet, outline = (_boxes(framed[:, channel]) for channel in (0, 1, 3))
    assert ct == pet == outline
    tops = torch.tensor([box[0] for box in ct])
    # Half of all sides are left, and no margin is beyond 0.3 of the picture.
    assert 20 <= int((tops == 0).sum()) <= 44
    assert 0 < int(tops.max()) <= 12


def test_the_channel_with_the_smaller_field_of_view_lies_within_the_frame_or_is_missing() -> None:
    framed = reframe(torch.ones(200, 4, 40, 50), 2, torch.Generator().manual_seed(4))
    assert (framed[:, 2] <= framed[:, 0]).all()
    missing = int((framed[:, 2].flatten(1).amax(1) == 0).sum())
    # One in ten of 200: 20, with a standard deviation of 4.2.
    assert 5 <= missing <= 35


def test_the_same_seed_gives_the_same_frame() -> None:
    one, other = (reframe(torch.ones(4, 4, 20, 20), 2, torch.Generator().manual_seed(9)) for _ in range(2))
    assert torch.equal(one, other)


def test_dice_is_worked_by_hand() -> None:
    found, truth = np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3, 3), np.uint8)
    found[0, 0], truth[0, 0, 1:], truth[1, 0, :2] = 1, 1, 1
    # Three voxels and four, two in common.
    assert dice(found, truth) == pytest.approx(2 * 2 / (3 + 4))
    assert dice(truth, truth) == 1.0
    assert dice(1 - truth, truth) == 0.0


def test_bending_does_not_tear_a_picture() -> None:
    bend = next(step for step in PRESETS["geometric"].steps if "Deform" in step.transform)
    change = load(bend, (96, 96), 1.0, torch.Generator().manual_seed(0))
    # Of a ramp of one unit a column, neighbouring rows show by how much more one is shifted than the other.
    ramp = torch.arange(96.0).expand(1, 96, 96).contiguous()
    jumps = [float(torch.as_tensor(change(ramp)).diff(dim=1).abs().max()) for _ in range(5)]
    assert 0.05 < max(jumps) < 1.0
