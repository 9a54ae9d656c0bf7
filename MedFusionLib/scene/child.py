"""The library's command line as a child process: started, listened to, ended with all that it has started."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from MedFusionLib import lifeline
from MedFusionLib.errors import MedFusionError, from_data

GRACE_SECONDS, LISTING_SECONDS, DYING_SECONDS = 0.4, 0.3, 0.2
# How Slicer's launcher tells that a signal has ended what it launched; its own code is then 1.
_KILLED = "exit abnormally"
_SAID, _COMPLAINED = "said.jsonl", "complaints.txt"
_LIBRARY = Path(__file__).resolve().parents[2]


class Child:
    """One run of ``medfusion`` in a process group of its own, which works and leaves its files in ``folder``.

    It writes to files, not to pipes: nobody needs to read them in time, and no thread waits for them. In Slicer it is
    the launcher PythonSlicer, and Python is a child of that.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start ``medfusion`` with ``arguments``; ``environment`` is added to this process's own."""
        self._folder = folder
        self._heard = 0
        temporary = folder / "temporary"
        temporary.mkdir()
        places = {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
        path = os.pathsep.join(filter(None, (str(_LIBRARY), os.environ.get("PYTHONPATH"))))
        added = {"PYTHONPATH": path, "PYTHONUTF8": "1", **places, **lifeline.ENVIRONMENT, **environment}
        with (folder / _SAID).open("wb") as said, (folder / _COMPLAINED).open("wb") as complained:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "MedFusionLib", *arguments], cwd=folder,
                stdin=subprocess.PIPE if lifeline.POSSIBLE else subprocess.DEVNULL, stdout=said, stderr=complained,
                start_new_session=os.name == "posix", creationflags=_no_window(), env={**os.environ, **added},
            )

    def hear(self) -> Iterator[dict[str, Any]]:
        """The lines of JSON that were finished since the last call."""
        with (self._folder / _SAID).open("rb") as stream:
            stream.seek(self._heard)
            text = stream.read()
        whole = text[:text.rfind(b"\n") + 1]
        self._heard += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError):
                data = json.loads(line)
                if isinstance(data, dict):
                    yield data

    def code(self) -> int | None:
        """The exit code, None while it runs; negative for the signal that killed it."""
        return self._process.poll()

    def complaints(self) -> str:
        """What it has written to standard error."""
        return (self._folder / _COMPLAINED).read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        """Ask it to stop, and kill it with its descendants when it does not within ``GRACE_SECONDS``."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.poll() is not None:
            return
        if sys.platform == "win32":
            # Windows has no signal to ask with; this ends the descendants too.
            subprocess.run(["taskkill", "/F", "/T", "/PID", f"{self._process.pid}"], capture_output=True, check=False,
                           creationflags=_no_window())
            self._process.wait()
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
            return
        # The programs it has started lead groups of their own, so each is named.
        descendants = _descendants(self._process.pid)
        for number in (*descendants, self._process.pid):
            with suppress(OSError):
                os.kill(number, signal.SIGKILL)
        self._process.wait()
        for number in descendants:
            _await_end(number)


def _await_end(process: int) -> None:
    """Wait for a killed process that is not our child, where the system can; on a busy machine it takes a moment."""
    # Neither macOS nor every build of Python has it.
    with suppress(OSError, AttributeError):
        handle = os.pidfd_open(process)
        try:
            select.select([handle], [], [], DYING_SECONDS)
        finally:
            os.close(handle)


def failure(code: int, told: Mapping[str, Any], complaints: str) -> MedFusionError:
    """The error with which a child ended: as it ``told``, or what its exit ``code`` and ``complaints`` say."""
    if told:
        return from_data(told)
    if code < 0:
        return MedFusionError(f"The run was killed by signal {-code}. If memory is short, crop the volumes first")
    words = [line.strip() for line in complaints.splitlines() if line.strip()]
    if words and _KILLED in words[-1]:
        return MedFusionError("The run was killed. If memory is short, crop the volumes first")
    return MedFusionError(f"The run ended with code {code}: {words[-1] if words else 'without a word'}")


def _no_window() -> int:
    """On Windows, no console window for the child."""
    return int(getattr(subprocess, "CREATE_NO_WINDOW", 0))


def _descendants(process: int) -> list[int]:
    """The numbers of the processes below ``process``, where the system can list them."""
    try:
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True,
                                timeout=LISTING_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    pairs = [line.split() for line in listed.stdout.splitlines()]
    parents = {int(number): int(parent) for number, parent in pairs}
    found = [process]
    for number in found:
        found += [child for child, parent in parents.items() if parent == number]
    return found[1:]
