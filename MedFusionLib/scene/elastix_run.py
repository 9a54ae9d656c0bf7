"""One run of the SlicerElastix extension's logic on temporary nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from MedFusionLib.scene.mrml import Node, Scene, mrml
from MedFusionLib.scene.temporary import TemporaryNodes


class ElastixRun:
    """Runs ``Elastix.ElastixLogic``, which blocks and processes the application's events with each line of elastix.

    Used only where itk-elastix is not installed in Slicer's Python: that one runs in the library's own process,
    leaves the window free between elastix' lines too, and gives the command line the same result.
    """

    @staticmethod
    def missing() -> str:
        """Empty when the logic is there and needed, otherwise why it is not offered."""
        from MedFusionLib.registration.elastix import installed

        if not hasattr(getattr(mrml(), "modules", None), "elastix"):
            return "the extension SlicerElastix is not installed"
        return "itk-elastix is installed and used instead" if installed() else ""

    def __init__(self, scene: Scene, parameters: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """``parameters`` are those of the elastix engine's job, with "result" for the transform's file."""
        self.parameters = parameters
        self.nodes = TemporaryNodes(scene)
        self.cancelled = False
        self.logic = import_module("Elastix").ElastixLogic()
        self.logic.logStandardOutput = True
        self.logic.logCallback = lambda text: say(f"{text}\n")

    def step(self) -> tuple[int, str] | None:
        """Run it to its end, which takes as long as elastix takes; then its exit code (0 or 1) and what went wrong.

        Raises ``subprocess.CalledProcessError`` when elastix fails. ``end`` can be called meanwhile.
        """
        from MedFusionLib.registration.transforms import save
        from MedFusionLib.scene.transforms import transform_from_node

        output = self.nodes.empty("vtkMRMLTransformNode")
        self.logic.registerVolumes(
            self._node("fixed"), self._node("moving"), parameterFilenames=self.parameters["parameters"],
            outputTransformNode=output, fixedVolumeMaskNode=self._node("fixed_mask"),
            movingVolumeMaskNode=self._node("moving_mask"), forceDisplacementFieldOutputTransform=False,
            initialTransformNode=self.nodes.transform(self.parameters["initial"]),
        )
        # Its logic forgets a cancel, and makes a grid without a word when there is no composite transform.
        if self.cancelled:
            return 1, "cancelled"
        if output.GetTransformFromParentAs("vtkOrientedGridTransform", False) is not None:
            return 1, "elastix wrote no composite transform: version 5.1 or later is needed"
        save(transform_from_node(output), Path(self.parameters["result"]))
        return 0, ""

    def end(self) -> None:
        """Have elastix killed at its next line if it runs, and remove the nodes."""
        self.cancelled = True
        self.logic.cancelRequested = True
        self.nodes.remove()
        self._remove_storage()

    def _remove_storage(self) -> None:
        """Remove the storage node that its logic leaves in the scene when it has loaded the result."""
        name = Path(self.parameters["result"]).name
        storages = self.nodes.scene.GetNodesByClass("vtkMRMLTransformStorageNode")
        for node in [storages.GetItemAsObject(index) for index in range(storages.GetNumberOfItems())]:
            path = Path(node.GetFileName() or "")
            if path.name == name and not path.exists():
                self.nodes.scene.RemoveNode(node)

    def _node(self, key: str) -> Node | None:
        path = self.parameters[key]
        reader = self.nodes.label if key.endswith("mask") else self.nodes.volume
        return reader(path) if path else None
