"""The mailbox: how the library, in a child process of Slicer, asks Slicer to run a program that only Slicer has.

A mailbox is a folder that the environment names, with the programs that Slicer offers. A request is the file
``<n>.request.json``, ``{"program": "brainsfit", "parameters": {...}}`` with paths and plain values; the answer is
``<n>.answer.json``, ``{"code": 0, "text": "..."}``. Both appear whole or not at all. Meanwhile ``<n>.said.txt`` grows
with the program's output. A request that vanishes is cancelled. Slicer's side is ``MedFusionLib.scene.mailbox``.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from MedFusionLib.errors import Cancelled
from MedFusionLib.registration.process import KEPT_LINES, TICK_SECONDS, Outcome

FOLDER = "MEDFUSION_MAILBOX"
PROGRAMS = "MEDFUSION_MAILBOX_PROGRAMS"
REQUEST, ANSWER, SAID = ".request.json", ".answer.json", ".said.txt"

_numbers = itertools.count()


def offers(program: str) -> bool:
    """Whether this process has a mailbox through which ``program`` ("brainsfit", "elastix") can be run."""
    return bool(os.environ.get(FOLDER)) and program in os.environ.get(PROGRAMS, "").split(",")


def ask(
    program: str, parameters: Mapping[str, Any], on_line: Callable[[str], None], tick: Callable[[], None]
) -> Outcome:
    """Have Slicer run ``program`` with ``parameters`` (paths, numbers, flags, lists) and wait for its end.

    As with ``process.run``, its output goes line by line to ``on_line``, and ``tick`` is called every 0.1 s. Whatever
    they raise (a cancel) takes the request back and passes on. Raises ``Cancelled`` when Slicer is gone.
    """
    base, asker = f"{next(_numbers)}", os.getppid()
    request, answer, said = (Path(os.environ[FOLDER], base + ending) for ending in (REQUEST, ANSWER, SAID))
    write(request, {"program": program, "parameters": dict(parameters)})
    speech = Speech(said, on_line)
    try:
        while not answer.is_file():
            tick()
            speech.hear()
            if not request.is_file() or os.getppid() != asker:
                raise Cancelled(f"Slicer no longer runs {program}; nothing was written")
            time.sleep(TICK_SECONDS)
        speech.hear()
        told = json.loads(answer.read_text(encoding="utf-8"))
        return Outcome(int(told["code"]), (*speech.lines, *str(told["text"]).splitlines()))
    finally:
        for path in (request, answer, said):
            path.unlink(missing_ok=True)


class Speech:
    """Reads a text file that grows, line by line; keeps the last ones."""

    def __init__(self, path: Path, on_line: Callable[[str], None]) -> None:
        self.path = path
        self.on_line = on_line
        self.lines: list[str] = []
        self._read = 0
        self._rest = ""

    def hear(self) -> None:
        """Pass on the lines that were finished since the last call."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        *lines, self._rest = (self._rest + new.decode("utf-8", "replace")).split("\n")
        for line in lines:
            self.lines = [*self.lines[-KEPT_LINES:], line]
            self.on_line(line)


def write(path: Path, content: Mapping[str, Any]) -> None:
    """``content`` as JSON in the file ``path``, which is never seen half written."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content), encoding="utf-8")
    os.replace(unfinished, path)
