"""Saves the scene after a run through the panel, closes it and opens it again: the panel must be as it was.

Runs in Slicer's Python console or by a host's ``--script``, with the module open. Then nodes are removed one by one
while the panel is open, and while a run goes on, which must break nothing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import slicer

# A script that is executed has no __file__; the module of a source checkout knows where it lies.
sys.path.insert(0, str(Path(slicer.util.modulePath("MedFusion")).resolve().parents[1] / "Testing" / "Slicer"))

from odd_scene_parts import SHAPE, label_map, pair, volume, voxels

CHOICES = {"fixed_modality": "CT", "moving1_modality": "MR", "registration": "none", "transform": "affine",
           "preset": "far apart", "method": "maximum", "plane": "axial", "continue_on_rejection": True,
           "compare_methods": ["average", "maximum"], "moving2_colours": "hot iron"}
NODES = ("fixed_volume", "moving1", "moving2", "mask", "last_record", "fused_volume", "metrics_table")
TEXTS = ("resultLabel", "methodCombo", "registrationCombo", "transformCombo", "presetCombo", "planeCombo",
         "fixedModalityCombo", "moving1ModalityCombo", "moving2ColoursCombo")
LONGEST = 240.0  # s, for the run


def parameters() -> object:
    """The panel's parameter node."""
    from MedFusionLib.ui.parameter_node import parameter_node

    return parameter_node()


def fill() -> None:
    """A scene of three volumes and a mask, and choices that are not the defaults."""
    ct, mr = pair(slicer.mrmlScene)
    pet = volume(slicer.mrmlScene, "PET", abs(voxels(2, SHAPE)))
    node = parameters()
    node.fixed_volume, node.moving1, node.moving2 = ct, mr, pet
    node.mask = label_map(slicer.mrmlScene, "region", like=ct)
    for name, value in CHOICES.items():
        node.setValue(name, value)
    slicer.app.processEvents()


def run(panel: object, ui: object, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Click Apply, do something ``meanwhile``, and wait for the result."""
    assert ui.applyButton.enabled, ui.hintLabel.text
    ui.applyButton.click()
    meanwhile()
    assert panel.run.is_running
    end = time.monotonic() + LONGEST
    while panel.run.is_running:
        assert time.monotonic() < end, "the panel still runs"
        slicer.app.processEvents()
        time.sleep(0.02)
    assert ui.messageLabel.text.startswith("Done"), ui.messageLabel.text


def state(ui: object) -> dict:
    """All that a user sees of the panel and its parameter node, nodes by name."""
    node = parameters()
    found = {name: node.getValue(name) for name in CHOICES}
    found |= {name: node.getValue(name) and node.getValue(name).GetName() for name in NODES}
    for name in TEXTS:
        widget = getattr(ui, name)
        found[name] = widget.text if name.endswith("Label") else widget.currentText
    table = ui.metricsTableWidget
    found["figures"] = [[table.item(row, column).text() for column in range(table.columnCount)]
                        for row in range(table.rowCount)]
    found["record"] = node.last_record.GetText() if node.last_record is not None else ""
    return found


def remove_all(ui: object) -> None:
    """Remove every node that the panel refers to, outputs first; it must stay usable."""
    for name in reversed(NODES):
        node = parameters().getValue(name)
        slicer.mrmlScene.RemoveNode(node)
        slicer.app.processEvents()
        assert parameters().getValue(name) is None, name
        ui.showResultButton.click()
        ui.blendSlider.value = 0.5 if ui.blendSlider.value != 0.5 else 0.6
    assert not ui.applyButton.enabled
    assert "No fixed volume" in ui.hintLabel.text


def remove_inputs() -> None:
    """Remove what a run works on."""
    for name in ("fixed_volume", "moving1", "moving2", "mask"):
        slicer.mrmlScene.RemoveNode(parameters().getValue(name))
        slicer.app.processEvents()


def main(widget: object) -> None:
    """Fill, run, save, close, reopen, compare, remove; then run again and remove the inputs meanwhile."""
    slicer.mrmlScene.Clear(0)
    fill()
    run(widget.panel, widget.ui)
    before = state(widget.ui)
    assert all(before[name] for name in ("fused_volume", "record", "figures"))
    with tempfile.TemporaryDirectory(prefix="medfusion-") as folder:
        path = str(Path(folder) / "scene.mrb")
        assert slicer.util.saveScene(path)
        slicer.mrmlScene.Clear(0)
        slicer.app.processEvents()
        assert state(widget.ui)["fused_volume"] is None
        slicer.util.loadScene(path)
    slicer.app.processEvents()
    after = state(widget.ui)
    differing = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert not differing, differing
    widget.ui.blendSlider.value = 0.25
    remove_all(widget.ui)
    slicer.mrmlScene.Clear(0)
    fill()
    run(widget.panel, widget.ui, remove_inputs)
    assert parameters().fused_volume is not None
    widget.ui.showResultButton.click()
    slicer.mrmlScene.Clear(0)


main(slicer.modules.MedFusionWidget)
