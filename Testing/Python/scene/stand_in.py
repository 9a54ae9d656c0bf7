"""A stand-in for the command line that a job starts, and for its task: quick, and of any behaviour."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# It does what the JSON file that it gets as its argument says, step by step.
PROGRAM = '''
import json, os, signal, subprocess, sys, threading, time
deaf = []
def listen():
    os.read(0, 1)
    deaf or os._exit(130)
threading.Thread(target=listen, daemon=True).start()
for step, value in json.load(open(sys.argv[1])):
    if step == "say":
        print(json.dumps(value), flush=True)
    elif step == "sleep":
        time.sleep(value)
    elif step == "write":
        open(value, "w").write("half done")
    elif step == "deaf":
        deaf.append(signal.signal(signal.SIGTERM, signal.SIG_IGN))
    elif step == "start":
        # A program of its own, as the engines start theirs: in a session of its own.
        program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
        print(json.dumps({"stage": "started", "fraction": 0, "message": str(program.pid)}), flush=True)
    elif step == "tell process":
        print(json.dumps({"stage": "process", "fraction": 0, "message": str(os.getpid())}), flush=True)
    elif step == "raise":
        raise ValueError(value)
    elif step == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif step == "exit":
        sys.exit(value)
'''


LAUNCHER = '''#!/bin/sh
"{python}" "$@"
code=$?
[ $code -lt 128 ] && exit $code
echo "error: [{python}] exit abnormally - Report the problem." >&2
exit 1
'''


def install(folder: Path, monkeypatch: Any) -> None:
    """Let jobs start the stand-in in place of the library's command line."""
    package = folder / "MedFusionLib"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(PROGRAM)
    monkeypatch.setattr("MedFusionLib.scene.child._LIBRARY", folder)


def launcher(folder: Path) -> Path:
    """A program that runs Python as a child of its own and passes on no signal, as Slicer's PythonSlicer does."""
    program = folder / "PythonSlicer"
    program.write_text(LAUNCHER.format(python=sys.executable))
    program.chmod(0o755)
    return program


def stage(name: str, fraction: float = 0.0, message: str = "") -> tuple[str, dict[str, Any]]:
    """The step that tells progress."""
    return "say", {"stage": name, "fraction": fraction, "message": message}


class StandInTask:
    """Runs ``steps`` in the child; fails where the test wants it; adds a node to the scene."""

    def __init__(self, scene: Any, steps: list[tuple[str, Any]], fails: Mapping[str, BaseException] | None = None):
        self.scene, self.steps, self.fails = scene, steps, dict(fails or {})
        self.folder: Path | None = None
        self.said: dict[str, Any] = {}

    def prepare(self, folder: Path) -> list[str]:
        self.folder = folder
        self._fail("prepare")
        (folder / "steps.json").write_text(json.dumps(self.steps))
        return ["steps.json"]

    def read(self, folder: Path, said: Mapping[str, Any], progress: Any) -> str:
        progress("read", 0.0)
        self._fail("read")
        self.said = dict(said)
        return "found"

    def add(self, found: str) -> Any:
        self._fail("add")
        return self.scene.AddNewNodeByClass("vtkMRMLTextNode", found)

    def _fail(self, place: str) -> None:
        if place in self.fails:
            raise self.fails[place]
