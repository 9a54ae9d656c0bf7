"""Every test of the scene wing needs MRML, and most need a run."""

from __future__ import annotations

import pytest
from made_run import StandInRun, made_run

pytest.importorskip("slicer")


@pytest.fixture
def run() -> StandInRun:
    return made_run()
