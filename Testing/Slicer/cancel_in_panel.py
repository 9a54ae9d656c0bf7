"""Clicks Cancel at every stage of a run, then plants an exception in every stage: nothing may be left of either.

Runs in Slicer's Python console or by a host's ``--script``, with the module open. Back to idle in under a second, the
scene the same by its digest, no process, no temporary file; and a fault gets a line in the panel.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

import slicer

# A script that is executed has no __file__; the module of a source checkout knows where it lies.
sys.path.insert(0, str(Path(slicer.util.modulePath("MedFusion")).resolve().parents[1] / "Testing" / "Slicer"))

from scene_digest import changes, scene_digest

LIMIT, LONGEST = 1.0, 120.0  # s, for a cancel and for getting to a stage
FAULT = "planted fault"
# In the child: at the stage, work that no signal can interrupt, or an exception.
PLANT = f"""
import hashlib, os
from MedFusionLib import console
what, stage = os.environ["MEDFUSION_PLANT"].split(":")
told = console.json_lines
def plant(name, fraction, message=""):
    told(name, fraction, message)
    if name == stage and what == "hold":
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
    if name == stage and what == "fail":
        raise RuntimeError("{FAULT}")
console.json_lines = plant
"""


@contextmanager
def planted(what: str, stage: str) -> Iterator[None]:
    """Children that are started here ``hold`` or ``fail`` at ``stage``."""
    with tempfile.TemporaryDirectory(prefix="plant-") as folder:
        Path(folder, "sitecustomize.py").write_text(PLANT)
        path = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
        with patch.dict(os.environ, {"PYTHONPATH": path, "MEDFUSION_PLANT": f"{what}:{stage}"}):
            yield


@contextmanager
def slow_reading() -> Iterator[None]:
    """The thread that reads the result takes its time."""
    from MedFusionLib import saved

    def read(*arguments: object) -> object:
        time.sleep(1.5)
        return real(*arguments)

    real = saved.read_result
    with patch.object(saved, "read_result", read):
        yield


@contextmanager
def failing(place: str) -> Iterator[None]:
    """What lies at ``place`` in the library raises."""
    with patch(f"MedFusionLib.{place}", side_effect=RuntimeError(FAULT)):
        yield


def leftovers() -> set[str]:
    """The files in Slicer's folder for temporary files, and those of MedFusion in the system's."""
    own = Path(slicer.app.temporaryPath)
    system = Path(tempfile.gettempdir())
    return {str(path) for path in own.rglob("*")} | {str(path) for path in system.glob("medfusion*")}


def fill(widget: object, engine: str = "none") -> None:
    """A phantom in an empty scene, and choices."""
    from MedFusionLib.ui.phantom import add_phantom

    slicer.mrmlScene.Clear(0)
    fixed, moving = add_phantom(slicer.mrmlScene)
    # As Slicer does with what it loads; views that have never shown anything fill themselves in.
    slicer.util.setSliceViewerLayers(background=fixed, foreground=moving, foregroundOpacity=0.3, fit=True)
    slicer.app.processEvents()
    ui = widget.ui
    ui.fixedSelector.setCurrentNode(fixed)
    ui.moving1Selector.setCurrentNode(moving)
    ui.registrationCombo.setCurrentIndex(ui.registrationCombo.findData(engine))
    ui.continueCheckBox.setChecked(True)
    assert ui.applyButton.enabled, ui.hintLabel.text


def wait(widget: object, until: Callable[[], bool]) -> None:
    """Let the application work ``until`` then."""
    end = time.perf_counter() + LONGEST
    while not until():
        assert time.perf_counter() < end, f"too long; the panel says '{widget.ui.messageLabel.text}'"
        slicer.app.processEvents()
        time.sleep(0.01)


def at(stage: str) -> Callable[[object], bool]:
    """Whether a job is at ``stage``, and in it for some work."""
    return lambda job: job.stage == stage


def in_reading(job: object) -> bool:
    """Whether the child has ended and its files are being read."""
    return job._reading is not None


def processes(job: object) -> list[int]:
    """The job's child and all below it."""
    from MedFusionLib.scene.child import _descendants

    return [job._child._process.pid, *_descendants(job._child._process.pid)]


def lives(process: int) -> bool:
    """Whether a process of this number runs; one that only waits to be counted does not."""
    status = Path(f"/proc/{process}/stat")
    if status.parent.parent.joinpath("self").exists():
        return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def check_idle(widget: object, before: dict, files: set[str], told: str) -> None:
    """The panel is idle and says ``told``; scene and files are as ``before``."""
    ui = widget.ui
    assert not widget.panel.run.is_running
    assert ui.applyButton.text == "Apply"
    assert ui.applyButton.enabled, ui.hintLabel.text
    assert told in ui.messageLabel.text, ui.messageLabel.text
    assert ui.messageLabel.isVisibleTo(widget.parent)
    differing = changes(before, scene_digest(slicer.mrmlScene))
    assert not differing, differing
    left = leftovers() - files
    assert not left, left


def cancel(widget: object, name: str, condition: Callable[[object], bool], around: object,
           engine: str = "none") -> None:
    """Click Cancel as soon as ``condition`` holds."""
    fill(widget, engine)
    files, before = leftovers(), scene_digest(slicer.mrmlScene)
    with around:
        widget.ui.applyButton.click()
        job = widget.panel.run._job
        wait(widget, lambda: condition(job) or job.state != "running")
        assert job.state == "running", f"{name}: {widget.ui.messageLabel.text}"
        working = processes(job)
        started = time.perf_counter()
        widget.ui.applyButton.click()
        seconds = time.perf_counter() - started
        reading = job._reading
        if reading is not None:
            wait(widget, reading.done)
    print(f"cancel in {name}: {seconds:.2f} s, {len(working)} processes ended")
    assert seconds < LIMIT, f"{name}: {seconds:.2f} s"
    assert not [process for process in working if lives(process)]
    check_idle(widget, before, files, "Cancelled")


def cancel_in_adding(widget: object) -> None:
    """Cancel comes with an event of the scene while the result is being added."""
    fill(widget)
    files, before = leftovers(), scene_digest(slicer.mrmlScene)
    added: list[object] = []

    def seen(caller: object, event: str) -> None:
        added.append(event)
        if len(added) == 3:
            widget.ui.applyButton.click()

    tag = slicer.mrmlScene.AddObserver(slicer.mrmlScene.NodeAddedEvent, seen)
    widget.ui.applyButton.click()
    wait(widget, lambda: not widget.panel.run.is_running)
    slicer.mrmlScene.RemoveObserver(tag)
    wait(widget, lambda: leftovers() <= files)
    print(f"cancel in adding: {len(added)} nodes were added and removed")
    assert len(added) > 3
    check_idle(widget, before, files, "Cancelled")


def fail(widget: object, name: str, around: object) -> None:
    """Apply with a fault planted ``around`` it."""
    fill(widget)
    files, before = leftovers(), scene_digest(slicer.mrmlScene)
    with around:
        widget.ui.applyButton.click()
        wait(widget, lambda: not widget.panel.run.is_running)
    print(f"fault in {name}: {widget.ui.messageLabel.text}")
    check_idle(widget, before, files, FAULT)


def searching_engine() -> str:
    """Elastix where it is installed, since it works in a process below the child."""
    from MedFusionLib.recipe import Recipe
    from MedFusionLib.scene.dependencies import missing

    return "simpleitk" if missing(Recipe(registration="elastix")) else "elastix"


def main(widget: object) -> None:
    """Every stage, cancelled and failing."""
    cancel(widget, "export", at("export"), nullcontext())
    cancel(widget, "read", at("read"), planted("hold", "read"))
    cancel(widget, "register", lambda job: job.stage == "register" and job.fraction > 0, nullcontext(),
           searching_engine())
    for stage in ("fuse", "measure", "write"):
        cancel(widget, stage, at(stage), planted("hold", stage))
    cancel(widget, "show", in_reading, slow_reading())
    cancel_in_adding(widget)
    fail(widget, "export", failing("scene.tasks.export"))
    for stage in ("read", "register", "fuse", "measure", "write"):
        fail(widget, stage, planted("fail", stage))
    fail(widget, "show", failing("saved.read_result"))
    fail(widget, "adding", failing("scene.result.show"))
    slicer.mrmlScene.Clear(0)


main(slicer.modules.MedFusionWidget)
