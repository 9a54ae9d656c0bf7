"""One run of Slicer's BRAINSFit module on temporary nodes, as an asynchronous CLI."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from MedFusionLib.scene.mrml import Node, Scene, mrml
from MedFusionLib.scene.temporary import TemporaryNodes

READERS: dict[str, Callable[[TemporaryNodes, str], Node]] = {
    "fixedVolume": TemporaryNodes.volume,
    "movingVolume": TemporaryNodes.volume,
    "fixedBinaryVolume": TemporaryNodes.label,
    "movingBinaryVolume": TemporaryNodes.label,
    "initialTransform": TemporaryNodes.transform,
}
OUTPUTS = {"linearTransform": "vtkMRMLLinearTransformNode", "bsplineTransform": "vtkMRMLTransformNode"}
CANCEL_SECONDS = 0.4
# How vtkSlicerCLIModuleLogic writes numbers in the names of its temporary files.
_LETTERS = str.maketrans("0123456789", "ABCDEFGHIJ")


class BrainsfitRun:
    """Runs ``slicer.modules.brainsfit``. The moving node that the CLI puts below its result is a temporary one."""

    @staticmethod
    def missing() -> str:
        """Empty when this Slicer has BRAINSFit, otherwise what is missing."""
        return "" if hasattr(_slicer_modules(), "brainsfit") else "this Slicer has no module BRAINSFit"

    def __init__(self, scene: Scene, parameters: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Load what ``parameters`` (BRAINSFit's names; paths and plain values) name; ``say`` takes its output."""
        self.parameters = dict(parameters)
        self.say = say
        self.nodes = TemporaryNodes(scene)
        self.command: Node | None = None
        self.output: Node | None = None
        self._inverse: Path | None = None
        self._said = 0

    def step(self) -> tuple[int, str] | None:
        """Start it, or look at it: None while it runs, then its exit code (0 or 1) and what went wrong.

        At the end the transform is in the file that the parameters ask for. The caller calls ``end`` after
        whatever comes of it, which removes the nodes.
        """
        command = self.command
        if command is None:
            self._start()
            return None
        busy, text = command.IsBusy(), command.GetOutputText()
        self.say(text[self._said:])
        self._said = len(text)
        if busy:
            return None
        if command.GetStatus() != command.Completed:
            return 1, command.GetErrorText() or f"BRAINSFit ended as {command.GetStatusString()}"
        self._save()
        return 0, ""

    def end(self) -> None:
        """Kill it if it runs, and remove its nodes, at once or, if its end takes longer, when it has ended."""
        command = self.command
        if command is not None and command.IsBusy():
            _ending[:] = [*(run for run in _ending if not run._has_ended()), self]
            command.Cancel()
            patience = time.monotonic() + CANCEL_SECONDS
            while not self._has_ended() and time.monotonic() < patience:
                time.sleep(0.01)
            # Where it waits behind another CLI, or still writes its inputs, Slicer's thread needs the nodes.
            command.AddObserver("ModifiedEvent", lambda *event: self._tidy())
        self._tidy()

    def _tidy(self) -> None:
        """Remove the nodes, and the inverse that BRAINSFit leaves beside its output, when it has ended."""
        if not self._has_ended():
            return
        self.nodes.remove()
        if self._inverse is not None:
            self._inverse.unlink(missing_ok=True)

    def _has_ended(self) -> bool:
        """Whether nothing runs. Slicer forgets a cancel from before its process began; that is said again here."""
        if self.command is None:
            return True
        if self.command.GetStatus() == self.command.Running:
            self.command.Cancel()
        return not self.command.IsBusy()

    def _start(self) -> None:
        from slicer import cli

        module = _slicer_modules().brainsfit
        values = {key: READERS[key](self.nodes, value) if key in READERS else value
                  for key, value in self.parameters.items() if key not in OUTPUTS}
        for key in OUTPUTS.keys() & self.parameters.keys():
            values[key] = self.output = self.nodes.empty(OUTPUTS[key])
            name = f"{os.getpid()}_{self.output.GetID()}".translate(_LETTERS)
            self._inverse = Path(mrml().app.temporaryPath, f"{name}_Inverse.h5")
        command = cli.createNode(module, values)
        self.nodes.hide(command)
        command.StartContinuousOutputUpdate()
        self.command = cli.run(module, command, wait_for_completion=False, update_display=False)

    def _save(self) -> None:
        from MedFusionLib.registration.transforms import save
        from MedFusionLib.scene.transforms import transform_from_node

        path = next(self.parameters[key] for key in OUTPUTS if key in self.parameters)
        save(transform_from_node(self.output), Path(path))


# Runs that were cancelled are kept until the next one is: neither Slicer's thread nor an event that is being handled
# may be the last to release a node, and with it Python's function.
_ending: list[BrainsfitRun] = []


def _slicer_modules() -> Any:
    """Slicer's ``slicer.modules``; None outside of Slicer."""
    return getattr(mrml(), "modules", None)
