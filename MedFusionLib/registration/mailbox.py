"""The mailbox: how the library, in a child process of Slicer, asks Slicer to run a program that only Slicer has.

A mailbox is a folder that the environment names, with the programs that Slicer offers. A request is the file
``<n>.request.json``, ``{"program": "brainsfit", "parameters": {...}}`` with paths and plain values; the answer is
``<n>.answer.json``, ``{"code": 0, "text": "..."}``. Both appear whole or not at all. A request that vanishes is
cancelled. Slicer's side is ``MedFusionLib.scene.mailbox``.
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
from MedFusionLib.registration.process import TICK_SECONDS, Outcome

FOLDER = "MEDFUSION_MAILBOX"
PROGRAMS = "MEDFUSION_MAILBOX_PROGRAMS"
REQUEST, ANSWER = ".request.json", ".answer.json"

_numbers = itertools.count()


def offers(program: str) -> bool:
    """Whether this process has a mailbox through which ``program`` ("brainsfit", "elastix") can be run."""
    return bool(os.environ.get(FOLDER)) and program in os.environ.get(PROGRAMS, "").split(",")


def ask(program: str, parameters: Mapping[str, Any], tick: Callable[[], None]) -> Outcome:
    """Have Slicer run ``program`` with ``parameters`` (paths, numbers, flags, lists) and wait for its end.

    ``tick`` is called every 0.1 s. Whatever it raises (a cancel) takes the request back and passes on. Raises
    ``Cancelled`` when nobody is left who could answer.
    """
    folder, number, asker = Path(os.environ[FOLDER]), next(_numbers), os.getppid()
    request, answer = folder / f"{number}{REQUEST}", folder / f"{number}{ANSWER}"
    write(request, {"program": program, "parameters": dict(parameters)})
    try:
        while not answer.is_file():
            tick()
            if not request.is_file() or os.getppid() != asker:
                raise Cancelled(f"Slicer no longer runs {program}; nothing was written")
            time.sleep(TICK_SECONDS)
        told = json.loads(answer.read_text(encoding="utf-8"))
        return Outcome(int(told["code"]), tuple(str(told["text"]).splitlines()))
    finally:
        request.unlink(missing_ok=True)
        answer.unlink(missing_ok=True)


def write(path: Path, content: Mapping[str, Any]) -> None:
    """``content`` as JSON in the file ``path``, which is never seen half written."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content), encoding="utf-8")
    os.replace(unfinished, path)
