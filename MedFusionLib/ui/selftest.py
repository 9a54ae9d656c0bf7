"""What must hold inside Slicer, without network and display: the cases of MedFusionTest, on a phantom made here."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog
from MedFusionLib.recipe import Recipe
from MedFusionLib.registration.engines import ENGINES
from MedFusionLib.scene import MedFusionLogic, vocabulary
from MedFusionLib.scene.dependencies import missing
from MedFusionLib.scene.mrml import Node, mrml
from MedFusionLib.ui.phantom import SHIFT, add_phantom
from MedFusionLib.ui.toolkit import qt

NEAR_MM = 3.0
METHODS = ("average", "maximum", "laplacian")


def wait_for(panel: Any, seconds: float = 120.0) -> None:
    """Let the application work until the panel's run has ended; raises ``TimeoutError`` after ``seconds``."""
    end = time.perf_counter() + seconds
    while panel.run.is_running:
        if time.perf_counter() > end:
            raise TimeoutError(f"the panel still runs after {seconds:g} s")
        mrml().app.processEvents()
        time.sleep(0.01)


def choose(combo: Any, data: str) -> None:
    """Choose the item of a combo box that holds ``data``, as a user would."""
    index = combo.findData(data)
    assert index >= 0, f"{combo.objectName} has no '{data}'"
    combo.setCurrentIndex(index)


def refusal(action: Callable[[], object]) -> BadInput:
    """The ``BadInput`` that ``action`` must raise."""
    try:
        action()
    except BadInput as error:
        return error
    raise AssertionError("bad input was taken")


class SelfTest:
    """The cases, called by MedFusionTest. Each begins with a scene that was cleared.

    Every registration is checked by a search of its own, some seconds long, so that they are few and run side by side.
    """

    def panel_fuses_and_a_saved_scene_reopens_as_it_was(self) -> None:
        """Filling widgets and clicking Apply gives a fused volume with figures; saving keeps them and the choices."""
        widget = self._run_the_panel()
        panel, ui = widget.panel, widget.ui
        fused, record = panel.outcome().fused, panel.outcome().record
        assert fused is not None, ui.messageLabel.text
        assert fused.GetAttribute(vocabulary.PURPOSE) == vocabulary.FOR_LOOKING
        assert ui.metricsTableWidget.rowCount >= 4
        assert record["recipe"]["parameters"]["levels"] == 2
        ui.blendSlider.value = 0.25
        ui.checkerboardButton.click()
        ui.checkerboardButton.click()
        told = ui.resultLabel.text, ui.metricsTableWidget.rowCount, record
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "scene.mrb")
            assert mrml().util.saveScene(path)
            mrml().mrmlScene.Clear()
            assert panel.outcome().fused is None
            mrml().util.loadScene(path)
        self._widget()
        assert (ui.resultLabel.text, ui.metricsTableWidget.rowCount, panel.outcome().record) == told
        assert ui.moving1ModalityCombo.currentText == "SPECT"
        assert ui.moving1WindowCombo.currentText == "0 500"
        assert panel.fusion.form.widgets["levels"].value == 2
        assert ui.blendSlider.value == 0.25
        assert panel.outcome().fused.GetNodeReference(vocabulary.RECORD) is not None

    def bad_inputs_are_told_and_leave_the_scene_alone(self) -> None:
        """Apply stays disabled with a reason in the panel, and the logic refuses the same."""
        fixed, _moving = add_phantom(mrml().mrmlScene)
        empty = mrml().mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty/🧠")
        widget = self._widget()
        ui = widget.ui
        for node, words in ((fixed, "twice"), (empty, "no voxels"), (None, "No moving volume")):
            ui.fixedSelector.setCurrentNode(fixed)
            ui.moving1Selector.setCurrentNode(node)
            ui.moving2Selector.setCurrentNode(None)
            assert not ui.applyButton.enabled
            assert words in ui.hintLabel.text, ui.hintLabel.text
        count = mrml().mrmlScene.GetNumberOfNodes()
        for wrong in (fixed, empty):
            assert refusal(partial(MedFusionLogic().fuse, fixed, [wrong], method="maximum")).mend
        assert mrml().mrmlScene.GetNumberOfNodes() == count

    def cancel_returns_at_once_and_leaves_nothing(self) -> None:
        """Cancel in the midst of a registration takes less than a second; scene and temporary folder are as before."""
        fixed, moving = add_phantom(mrml().mrmlScene)
        widget = self._widget()
        ui = widget.ui
        ui.fixedSelector.setCurrentNode(fixed)
        ui.moving1Selector.setCurrentNode(moving)
        choose(ui.registrationCombo, "simpleitk")
        nodes, files = self._nodes(), self._job_folders()
        ui.applyButton.click()
        end = time.perf_counter() + 60
        while ui.progressBar.value == 0 and widget.panel.run.is_running and time.perf_counter() < end:
            mrml().app.processEvents()
            time.sleep(0.01)
        assert widget.panel.run.is_running, ui.messageLabel.text
        started = time.perf_counter()
        ui.applyButton.click()
        assert time.perf_counter() - started < 1.0
        assert not widget.panel.run.is_running
        assert self._nodes() == nodes
        assert self._job_folders() <= files
        assert ui.applyButton.enabled

    def every_back_end_that_is_present_aligns_and_three_methods_are_measured(self) -> None:
        """Those that search find the phantom's shift; a comparison gives each method a volume and finite figures."""
        fixed, moving = add_phantom(mrml().mrmlScene)
        logic = MedFusionLogic()
        searching = [name for name, engine in ENGINES.items() if engine.searches]
        present = [name for name in searching if not missing(Recipe(registration=name))]
        assert "simpleitk" in present
        jobs = {name: logic.start(fixed, [moving], method="maximum", registration=name) for name in present}
        in_place = add_phantom(mrml().mrmlScene, shifted=False)
        comparison = logic.start(in_place[0], [in_place[1]], methods=METHODS, registration="none")
        for name, job in jobs.items():
            result = job.wait(300)
            error = self._shift_error(result.transforms[1])
            assert error < NEAR_MM, f"{name} is {error:.1f} mm off"
            assert [verdict.decision for verdict in result.verdicts if verdict is not None] == ["accept"]
        self._check_comparison(comparison.wait(300))

    def methods_without_their_packages_are_told(self) -> None:
        """A method either loads, or says which packages it lacks or that it is not trained."""
        for card in catalog.cards():
            packages = catalog.missing_packages(card)
            if packages:
                assert packages[0] in str(refusal(partial(catalog.load, card.name)))
            elif not catalog.can_run(card):
                assert "not trained" in str(refusal(partial(catalog.load, card.name)))
            else:
                assert catalog.load(card.name).card.name == card.name

    def _run_the_panel(self) -> Any:
        """The widget after a run with choices that differ from the defaults."""
        fixed, moving = add_phantom(mrml().mrmlScene, shifted=False)
        widget = self._widget()
        ui = widget.ui
        ui.fixedSelector.setCurrentNode(fixed)
        ui.moving1Selector.setCurrentNode(moving)
        choose(ui.registrationCombo, "none")
        choose(ui.moving1ModalityCombo, "SPECT")
        choose(ui.familyCombo, "multiscale")
        choose(ui.methodCombo, "laplacian")
        widget.panel.fusion.form.widgets["levels"].value = 2
        ui.moving1WindowCombo.setEditText("0 500")
        assert ui.applyButton.enabled, ui.hintLabel.text
        ui.applyButton.click()
        assert widget.panel.run.is_running, ui.messageLabel.text
        wait_for(widget.panel)
        return widget

    def _check_comparison(self, result: Any) -> None:
        table = result.metricsTable.GetTable()
        assert len(result.fusedVolumes) == table.GetNumberOfRows() == len(METHODS)
        figures = [table.GetValueByName(row, name).ToDouble() for name in ("ssim", "entropy") for row in range(3)]
        assert np.isfinite(figures).all()
        assert len(set(figures)) == len(figures)

    def _widget(self) -> Any:
        """The module's widget, entered, with a panel that takes what is in the scene."""
        representation = mrml().modules.medfusion.widgetRepresentation()
        representation.enter()
        qt.QApplication.processEvents()
        return representation.self()

    def _nodes(self) -> set[str]:
        scene = mrml().mrmlScene
        return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}

    def _job_folders(self) -> set[str]:
        return {name for name in os.listdir(mrml().app.temporaryPath) if name.startswith("medfusion-")}

    def _shift_error(self, transform: Node) -> float:
        """How far (mm) the transform node is from the phantom's shift, at the middle of the body."""
        from MedFusionLib.scene import transform_from_node

        found = np.array(transform_from_node(transform).TransformPoint((0.0, 0.0, 0.0)))
        return float(np.linalg.norm(found - SHIFT))
