"""Every test of the scene wing needs MRML, and most need a run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from made_run import made_run

from MedFusionLib.pipeline import Result

pytest.importorskip("slicer")
# Odd scenes are shared with the script that drives the panel.
sys.path.insert(0, str(Path(__file__).parents[2] / "Slicer"))


@pytest.fixture
def run() -> Result:
    return made_run()
