"""Run a program of another process: read its lines, look for a cancel ten times a second, leave nothing running."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICK_SECONDS = 0.1
KEPT_LINES = 400


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its exit code (negative: the signal that killed it) and its last lines."""

    code: int
    lines: tuple[str, ...]

    def last_words(self, marks: Sequence[str] = ("error", "exception", "fail")) -> str:
        """The last line that holds one of ``marks`` (any case), else the last line with words, else the code."""
        spoken = [line.strip() for line in self.lines if any(c.isalpha() for c in line)]
        telling = [line for line in spoken if any(mark in line.lower() for mark in marks)]
        return (telling or spoken or [f"ended with code {self.code} without a word"])[-1]


def run(
    command: Sequence[str | Path],
    on_line: Callable[[str], None],
    tick: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Outcome:
    """Run ``command`` to its end; both its outputs go line by line to ``on_line``.

    ``tick`` is called at least every 0.1 s. Whatever it or ``on_line`` raises (a cancel) kills the program
    with its children and passes on. Raises ``OSError`` when the program cannot be started.
    """
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", bufsize=1, cwd=folder, env={**os.environ, **(environment or {})},
        start_new_session=os.name == "posix",
    )
    spoken: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, spoken), daemon=True)
    reader.start()
    lines: list[str] = []
    try:
        while (line := _next(spoken, tick)) is not None:
            lines = [*lines[-KEPT_LINES:], line]
            on_line(line)
        return Outcome(process.wait(), tuple(lines))
    finally:
        _end(process)
        reader.join(timeout=5)


def _read(process: subprocess.Popen[str], spoken: queue.Queue[str | None]) -> None:
    """Feed the program's lines to the queue, and None at the end."""
    if process.stdout is not None:
        for line in process.stdout:
            spoken.put(line.rstrip("\n"))
    spoken.put(None)


def _next(spoken: queue.Queue[str | None], tick: Callable[[], None]) -> str | None:
    """The next line, with a tick before it and one every 0.1 s of waiting."""
    while True:
        tick()
        try:
            return spoken.get(timeout=TICK_SECONDS)
        except queue.Empty:
            continue


def _end(process: subprocess.Popen[str]) -> None:
    """Kill what still runs: the whole group on POSIX, so that no grandchild keeps the pipe open."""
    if process.poll() is None:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
