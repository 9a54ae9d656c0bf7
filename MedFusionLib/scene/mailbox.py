"""Slicer's side of the mailbox: runs BRAINSFit or Elastix for the library's child process, on temporary nodes."""

from __future__ import annotations

from pathlib import Path

from MedFusionLib.scene.mrml import Scene


class Mailbox:
    """Answers the requests of one child process; see ``MedFusionLib.registration.mailbox`` for the files.

    Everything happens in the main thread, inside ``poll``. Between two polls the application must process its
    events (a QTimer does, a loop calls ``slicer.app.processEvents()``), or a CLI never ends. ``poll`` may be
    entered again from such events.
    """

    def __init__(self, scene: Scene, folder: Path) -> None:
        """``folder`` exists, is empty and belongs to this mailbox; ``scene`` gets the temporary nodes."""
        self.scene = scene
        self.folder = folder

    def environment(self) -> dict[str, str]:
        """The variables to add to the child's environment; none where Slicer offers no program."""
        return {}

    def poll(self) -> None:
        """Start what is asked for and answer what has ended; cheap when there is nothing to do."""

    def cancel(self) -> None:
        """Stop the program that runs and remove its nodes; returns when it has ended, within a second."""

    def close(self) -> None:
        """Cancel, and never answer again."""
        self.cancel()
