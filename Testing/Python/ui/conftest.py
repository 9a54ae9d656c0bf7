"""A pair of chosen volumes that most tests of the panel's decisions begin with."""

from __future__ import annotations

import pytest

from MedFusionLib.ui.choices import Choices, VolumeChoice

SHAPE = (24, 44, 48)


@pytest.fixture
def pair() -> Choices:
    """CT and PET, ready to be fused."""
    return Choices(
        fixed=VolumeChoice("CT", "node1", "CT", shape=SHAPE),
        moving=(VolumeChoice("PET", "node2", "PET", shape=SHAPE),),
    )
