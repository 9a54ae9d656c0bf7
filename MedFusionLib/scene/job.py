"""A job: one run of the command line on nodes of a scene, whose outcome becomes nodes at the end, or nothing."""

from __future__ import annotations

import atexit
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from MedFusionLib.errors import Cancelled, MedFusionError
from MedFusionLib.progress import Progress, silent
from MedFusionLib.scene.child import Child, failure
from MedFusionLib.scene.mailbox import Mailbox
from MedFusionLib.scene.mrml import Scene, mrml
from MedFusionLib.scene.nothing import all_or_nothing

_STEP_SECONDS = 0.02
_REMOVALS = 10

Outcome = TypeVar("Outcome")
Made = TypeVar("Made", covariant=True)


class Task(Protocol[Made]):
    """What a job does before and after its child process."""

    def prepare(self, folder: Path) -> list[str]:
        """Write the inputs into ``folder``; returns the child's arguments. Raises ``BadInput``."""
        ...

    def read(self, folder: Path, said: Mapping[str, Any], progress: Progress) -> Any:
        """What the child has left in ``folder`` and ``said`` last; called in a thread, away from the scene."""
        ...

    def add(self, found: Any) -> Made:
        """Add what was read to the scene; a failure leaves the scene as it was."""
        ...


class Job(Generic[Outcome]):
    """A task at work. Whoever waits calls ``poll`` in the main thread: a timer of the panel, or ``wait``.

    ``state`` is "running", then "done", "failed" or "cancelled". ``stage``, ``fraction`` (0 to 1) and ``message``
    tell where the work is. ``result`` is there when it is done, ``error`` when it is not; ``log`` is what the child
    complained of. The job is cancelled when the scene closes. When it ends, nothing but the result is left: no
    process, no file, no node.
    """

    def __init__(
        self,
        scene: Scene,
        task: Task[Outcome],
        progress: Progress = silent,
        done: Callable[[Job[Outcome]], object] | None = None,
    ) -> None:
        """Export the inputs and start the child. ``progress`` is called from ``poll``, ``done`` once at the end.

        Raises ``BadInput`` for inputs that cannot work; then nothing was started.
        """
        self.state, self.stage, self.fraction, self.message = "running", "export", 0.0, ""
        self.result: Outcome | None = None
        self.error: MedFusionError | None = None
        self.log = ""
        self._scene, self._task, self._progress, self._done = scene, task, progress, done
        self._started = time.perf_counter()
        self._ended: float | None = None
        self._said: dict[str, Any] = {}
        self._failed: dict[str, Any] = {}
        self._reading: Future[Any] | None = None
        self._polling = False
        self._folder = Path(tempfile.mkdtemp(prefix="medfusion-job-", dir=_temporary_folder()))
        try:
            arguments = task.prepare(self._folder)
            post = self._folder / "mailbox"
            post.mkdir()
            self._mailbox = Mailbox(scene, post)
            self._child = Child(arguments, self._folder, self._mailbox.environment())
        except BaseException:
            _remove(self._folder)
            raise
        self._observer = scene.AddObserver(mrml().vtkMRMLScene.StartCloseEvent, lambda caller, event: self.cancel())
        atexit.register(self.cancel)

    @property
    def seconds(self) -> float:
        """How long the job has been running, or ran."""
        return (self._ended or time.perf_counter()) - self._started

    def poll(self) -> bool:
        """Take the job a step further; returns whether it still runs. Cheap, for the main thread.

        May be entered again from the events that a step processes; then it does nothing.
        """
        if self.state != "running" or self._polling:
            return self.state == "running"
        self._polling = True
        error: MedFusionError | None = None
        ended = False
        try:
            ended = self._step()
        except MedFusionError as raised:
            error = raised
        except Exception as raised:
            logging.exception("MedFusion: a job failed")
            error = MedFusionError(f"Unexpected {type(raised).__name__}: {raised}")
        finally:
            self._polling = False
        if error is not None:
            self._end("cancelled" if isinstance(error, Cancelled) else "failed", error)
        elif ended:
            self._end("done")
        return self.state == "running"

    def cancel(self) -> None:
        """Stop, leaving nothing behind; returns within a second. Does nothing when the job has ended."""
        self._end("cancelled", Cancelled("Cancelled; nothing was added"))

    def wait(self, timeout: float | None = None) -> Outcome:
        """Poll to the end, processing the application's events, and return the result.

        Raises the job's error, and ``TimeoutError`` after ``timeout`` seconds, when the job goes on. An interrupt
        from the keyboard cancels it.
        """
        application = getattr(mrml(), "app", None)
        last = None if timeout is None else time.perf_counter() + timeout
        try:
            while self.poll():
                if last is not None and time.perf_counter() > last:
                    raise TimeoutError(f"still running after {timeout:g} s")
                if application is not None:
                    application.processEvents()
                time.sleep(_STEP_SECONDS)
        except KeyboardInterrupt:
            self.cancel()
            raise
        if self.result is None:
            raise self.error or Cancelled()
        return self.result

    def _step(self) -> bool:
        """One step; returns whether the result is there."""
        if self._reading is None:
            self._hear()
            self._mailbox.poll()
            # A cancel may have come with the events that a program of Slicer processes.
            if self.state == "running" and (code := self._child.code()) is not None:
                self._hear()
                self._after_child(code)
            return False
        if not self._reading.done():
            # Where the application's loop keeps Python's lock, the thread gets it here.
            time.sleep(_STEP_SECONDS / 4)
            return False
        self._tell({"stage": "show", "fraction": 0.0, "message": ""})
        found = self._reading.result()
        if self.state == "running":
            self._add(found)
        return self.state == "running"

    def _add(self, found: Any) -> None:
        """Add what was read to the scene; all goes again when a cancel comes with the scene's events."""
        with all_or_nothing(self._scene):
            made = self._task.add(found)
            if self.state != "running":
                raise Cancelled()
        self.result = made

    def _hear(self) -> None:
        """Take what the child has said: where it is, why it failed, or its last word."""
        for data in self._child.hear():
            if "stage" in data:
                self._tell(data)
            elif "error" in data:
                self._failed = data
            else:
                self._said = data

    def _tell(self, data: Mapping[str, Any]) -> None:
        self.stage, self.fraction, self.message = data["stage"], data["fraction"], data["message"]
        self._progress(self.stage, self.fraction, self.message)

    def _after_child(self, code: int) -> None:
        """Let a thread read what the child has made; raises the child's error."""
        self.log = self._child.complaints()
        if code:
            raise failure(code, self._failed, self.log)
        pool = ThreadPoolExecutor(1, "MedFusion")
        self._reading = pool.submit(self._task.read, self._folder, self._said, self._go_on)
        pool.shutdown(wait=False)

    def _go_on(self, stage: str, fraction: float, message: str = "") -> None:
        """The reading thread's progress: it stops reading for a job that has ended."""
        if self.state != "running":
            raise Cancelled()

    def _end(self, state: str, error: MedFusionError | None = None) -> None:
        """Leave the state "running" for good: stop all that works for the job, and say that it has ended."""
        if self.state != "running":
            return
        self.state, self.error, self._ended = state, error, time.perf_counter()
        self._scene.RemoveObserver(self._observer)
        atexit.unregister(self.cancel)
        with ExitStack() as last:
            # From the last to the first, each also when another fails.
            if self._done is not None:
                last.callback(self._done, self)
            last.callback(self._remove_files)
            last.callback(self._mailbox.close)
            last.callback(self._child.end)

    def _remove_files(self) -> None:
        """Keep what the child complained of, and remove the job's folder."""
        self.log = self.log or self._child.complaints()
        _remove(self._folder)
        if self._reading is not None:
            # Windows cannot remove a file that the thread still reads.
            self._reading.add_done_callback(lambda _: _remove(self._folder))


def _remove(folder: Path) -> None:
    """Remove ``folder``; on Windows, files of a process that was just killed stay open for a moment."""
    for _ in range(_REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_STEP_SECONDS)


def _temporary_folder() -> str | None:
    """The folder for temporary files that the user has set in Slicer; None: the system's."""
    return getattr(getattr(mrml(), "app", None), "temporaryPath", None) or None
