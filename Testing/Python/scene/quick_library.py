"""The library's own command line in child processes, with a registration that takes no time.

Python imports ``sitecustomize`` at its start; this one puts a known turn in the place of the search.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

CUSTOMIZE = '''
import SimpleITK as sitk
import MedFusionLib.registration as registration
from MedFusionLib.registration.settings import Registration, Verdict

def register(fixed, moving, settings, progress):
    progress("register", 0.5, "a known turn")
    middle = fixed.image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in fixed.image.GetSize()])
    turn = sitk.AffineTransform(3)
    turn.SetCenter(middle)
    turn.Rotate(0, 1, 0.07)
    turn.SetTranslation((1.3, -0.7, 2.1))
    turn = registration.transforms.compose([turn])
    flipped = "flip" in moving.name
    verdict = Verdict("reject" if flipped else "warn", ("left-right flip",) if flipped else ("odd",),
                      {"overlap_fraction": 0.75})
    return Registration(turn, "simpleitk", settings, verdict, 0.1, (f"mask {settings.fixed_mask}",))

import MedFusionLib.registration.transforms
registration.register = register
'''


def install(folder: Path, monkeypatch: Any) -> None:
    """Let every Python that is started from now on register at once."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(CUSTOMIZE)
    library = Path(__file__).resolve().parents[3]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(library))))
