"""MedFusionLogic: what the module does, on nodes, with or without a window."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from MedFusionLib.progress import Progress, silent
from MedFusionLib.scene.mrml import Node, Scene, mrml

if TYPE_CHECKING:
    from MedFusionLib.recipe import Recipe
    from MedFusionLib.scene.result import SceneResult


class MedFusionLogic:
    """Takes volume nodes of a scene and returns nodes; keeps no state but the scene."""

    def __init__(self, scene: Scene | None = None) -> None:
        """``scene`` is a vtkMRMLScene; the application's own when left out."""
        self.scene = mrml().mrmlScene if scene is None else scene

    def about(self) -> str:
        """What this is, which version, where it lies, and how to use it from Slicer's Python console."""
        from MedFusionLib import __version__

        return (f"MedFusion {__version__} aligns, fuses and measures the volumes of one patient. "
                "Research software, not for clinical use.\n\n"
                f"Library: {Path(__file__).resolve().parents[1]}\n\n"
                "From the Python console, with two or more volumes, the fixed one first:\n"
                "from MedFusionLib import Recipe\n"
                "from MedFusionLib.scene import MedFusionLogic\n"
                "MedFusionLogic().fuse([ct, mr], Recipe(method=\"laplacian\"))")

    def fuse(self, inputs: Sequence[Node], recipe: Recipe, progress: Progress = silent) -> SceneResult:
        """Align, fuse and measure the volumes of ``inputs`` (the fixed one first) as ``recipe`` says, and
        add the outcome to the scene. The inputs are not changed.

        Raises ``MedFusionError``; then the scene is as it was.
        """
        from MedFusionLib.pipeline import run
        from MedFusionLib.scene.nodes import volume_from_node
        from MedFusionLib.scene.result import add_result

        lend_brainsfit()
        result = run([volume_from_node(node) for node in inputs], recipe, progress)
        return add_result(self.scene, result, inputs)


def lend_brainsfit() -> None:
    """Let the library's engine run this Slicer's BRAINSFit, unless the user named one or there is none."""
    from MedFusionLib.registration.brainsfit import VARIABLE

    module = getattr(getattr(mrml(), "modules", None), "brainsfit", None)
    if module is not None:
        os.environ.setdefault(VARIABLE, module.path)
