"""Bad and odd scenes through the panel, widget by widget; for the host's ``hostrun.py --script`` or Slicer's console.

The module must be open. Every bad scene must be told in one line of the panel that names the
node, every legal one fused, and the scene left alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import slicer

# A script that is executed has no __file__; the module of a source checkout knows where it lies.
sys.path.insert(0, str(Path(slicer.util.modulePath("MedFusion")).resolve().parents[1] / "Testing" / "Slicer"))

from odd_scene_cases import ALL, Case
from odd_scene_parts import Given
from scene_digest import changes, scene_digest

LONGEST = 120.0  # s, for one run
SELECTORS = {"mask": "maskSelector", "initialTransform": "initialTransformSelector"}


def fill(ui: object, given: Given) -> bool:
    """Choose the nodes of ``given`` in the panel; returns whether its selectors offer all of them."""
    wanted = [("fixedSelector", given.fixed)]
    wanted += [(f"moving{number}Selector", given.moving[number - 1] if number <= len(given.moving) else None)
               for number in range(1, 5)]
    wanted += [(name, given.options.get(option)) for option, name in SELECTORS.items()]
    landmarks = given.options.get("landmarks", (None, None))
    wanted += [("fixedLandmarksSelector", landmarks[0]), ("movingLandmarksSelector", landmarks[1])]
    for name, node in wanted:
        getattr(ui, name).setCurrentNode(node)
    choose(ui.registrationCombo, given.options.get("registration", "none"))
    choose(ui.familyCombo, "rule")
    choose(ui.methodCombo, "maximum")
    return all(getattr(ui, name).currentNode() is node for name, node in wanted)


def choose(combo: object, data: str) -> None:
    """Choose the item of ``combo`` with this data."""
    combo.setCurrentIndex(combo.findData(data))


def apply(panel: object, ui: object) -> str:
    """Click Apply where it can be clicked and wait; returns what the panel says."""
    if not ui.applyButton.enabled:
        return ui.hintLabel.text
    ui.applyButton.click()
    end = time.monotonic() + LONGEST
    while panel.run.is_running:
        if time.monotonic() > end:
            ui.applyButton.click()
            return f"still running after {LONGEST:g} s"
        slicer.app.processEvents()
        time.sleep(0.02)
    return ui.messageLabel.text


@contextmanager
def at_once() -> Iterator[None]:
    """Widgets look at the scene when all is done, not after each node."""
    slicer.mrmlScene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    try:
        yield
    finally:
        slicer.mrmlScene.EndState(slicer.vtkMRMLScene.BatchProcessState)


def nodes() -> list:
    """All nodes of the scene, in their order."""
    return [slicer.mrmlScene.GetNthNode(index) for index in range(slicer.mrmlScene.GetNumberOfNodes())]


def faults(panel: object, ui: object, case: Case) -> tuple[str, list[str]]:
    """What the panel says to ``case``, and what is wrong with that."""
    with at_once():
        given = case.build(slicer.mrmlScene)
    slicer.app.processEvents()
    offered = fill(ui, given)
    slicer.app.processEvents()
    if not offered:
        return "not offered", [] if not case.offered else ["the panel does not offer the node"]
    ui.continueCheckBox.setChecked(not case.says)
    before = scene_digest(slicer.mrmlScene)
    said = apply(panel, ui)
    after = scene_digest(slicer.mrmlScene)
    if not case.says:
        return said, [] if said.startswith("Done") else ["a legal oddity was refused"]
    wrong = changes(before, after)
    if not said or "\n" in said or said.startswith("Done"):
        wrong.append("no clear line")
    if ui.applyButton.enabled and case.says[0].strip("'") not in said:
        wrong.append(f"{case.says[0]} is not named")
    return said, wrong


def main(widget: object) -> None:
    """Go through all cases; raises ``AssertionError`` with the list of what is wrong."""
    bad = []
    slicer.mrmlScene.Clear(0)
    for case in ALL:
        known = {node.GetID() for node in nodes()}
        said, wrong = faults(widget.panel, widget.ui, case)
        print(f"{'BAD ' if wrong else 'good'}  {case.name}: {said} {'; '.join(wrong)}".rstrip(), flush=True)
        bad += [case.name] if wrong else []
        with at_once():
            for node in reversed([node for node in nodes() if node.GetID() not in known]):
                slicer.mrmlScene.RemoveNode(node)
    assert not bad, f"{len(bad)} of {len(ALL)} scenes: {', '.join(bad)}"


main(slicer.modules.MedFusionWidget)
