"""Slicer's side of the mailbox: runs BRAINSFit or Elastix for the library's child process, on temporary nodes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from MedFusionLib.registration.mailbox import ANSWER, FOLDER, PROGRAMS, REQUEST, SAID, write
from MedFusionLib.scene.brainsfit_run import BrainsfitRun
from MedFusionLib.scene.elastix_run import ElastixRun
from MedFusionLib.scene.mrml import Scene, mrml


class Run(Protocol):
    """One run of one of Slicer's programs."""

    def step(self) -> tuple[int, str] | None:
        """Start or continue; None while it runs, then its exit code and what went wrong."""
        ...

    def end(self) -> None:
        """Kill it if it runs, and remove its nodes."""
        ...


RUNS: dict[str, Callable[[Scene, Mapping[str, Any], Callable[[str], None]], Run]] = {
    "brainsfit": BrainsfitRun, "elastix": ElastixRun,
}
MISSING = {"brainsfit": BrainsfitRun.missing, "elastix": ElastixRun.missing}


class Mailbox:
    """Answers the requests of one child process; see ``MedFusionLib.registration.mailbox`` for the files.

    Everything happens in the main thread, inside ``poll``. Between two polls the application must process its
    events (a QTimer does, a loop calls ``slicer.app.processEvents()``), or a CLI never ends. ``poll`` blocks while
    SlicerElastix runs, and may be entered again from the events that this processes, as may ``cancel``.
    """

    def __init__(self, scene: Scene, folder: Path) -> None:
        """``folder`` exists, is empty and belongs to this mailbox; ``scene`` gets the temporary nodes."""
        self.scene = scene
        self.folder = Path(folder)
        self._run: Run | None = None
        self._number = ""
        self._stepping = False
        self._closed = False

    def environment(self) -> dict[str, str]:
        """The variables to add to the child's environment; none where Slicer offers no program.

        Slicer's modules work in the application's scene only, so nothing is offered for another scene.
        """
        offered = [name for name, missing in MISSING.items() if not missing()]
        if not offered or getattr(mrml(), "mrmlScene", None) is not self.scene:
            return {}
        return {FOLDER: str(self.folder), PROGRAMS: ",".join(offered)}

    def poll(self) -> None:
        """Start what is asked for and answer what has ended; cheap when there is nothing to do."""
        if self._run is not None and not self._file(REQUEST).is_file():
            self.cancel()
        if self._closed or self._stepping:
            return
        if self._run is None:
            self._number = self._next()
        if self._number:
            self._stepping = True
            try:
                self._step()
            finally:
                self._stepping = False

    def cancel(self) -> None:
        """Stop the program that runs and remove its nodes; returns within a second."""
        run, self._run = self._run, None
        if run is not None:
            run.end()

    def close(self) -> None:
        """Cancel, and never answer again."""
        self._closed = True
        self.cancel()

    def _step(self) -> None:
        """Go on with the present request, and answer it when its program has ended, well or not."""
        try:
            if self._run is None:
                request = json.loads(self._file(REQUEST).read_text(encoding="utf-8"))
                self._run = RUNS[request["program"]](self.scene, request["parameters"], self._say)
            answer = self._run.step()
        except Exception as error:
            # Whatever fails in Slicer is the program's failure to the child, which tells the user.
            answer = (1, f"{type(error).__name__}: {error}")
        if answer is None:
            return
        self.cancel()
        if not self._closed and self._file(REQUEST).is_file():
            write(self._file(ANSWER), {"code": answer[0], "text": answer[1]})

    def _next(self) -> str:
        """The number of the oldest request without an answer, or ""."""
        numbers = [path.name.removesuffix(REQUEST) for path in self.folder.glob(f"*{REQUEST}")]
        open_ones = [number for number in numbers if not Path(self.folder, number + ANSWER).is_file()]
        return min(open_ones, key=int, default="")

    def _file(self, ending: str) -> Path:
        return Path(self.folder, self._number + ending)

    def _say(self, text: str) -> None:
        """Pass on what the program has said, unless nobody listens any more."""
        if text and self._file(REQUEST).is_file():
            with self._file(SAID).open("a", encoding="utf-8") as file:
                file.write(text)
