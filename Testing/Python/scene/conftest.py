"""Every test of the scene wing needs MRML, and most need a run."""

from __future__ import annotations

import pytest
from made_run import made_run

from MedFusionLib.pipeline import Result

pytest.importorskip("slicer")


@pytest.fixture
def run() -> Result:
    return made_run()
