"""Drives the panel as a user does: loads the bundled patient by its button, fills widgets, clicks Apply and waits.

Runs in Slicer's Python console or by a host's ``--script``, with the module open. The fused voxels must be those of
the command line on the same recipe. In the environment, MEDFUSION_DRIVE names the back ends (default:
simpleitk,elastix) and MEDFUSION_SHOTS a folder for pictures of the panel at 350 and 600 pixels width.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import qt
import SimpleITK as sitk
import slicer

WIDTHS = (350, 600)
# Slicer writes volumes and transforms for BRAINSFit once more, which rounds them: this share of values may differ.
ROUNDED = {"brainsfit": 0.005}
widget = slicer.modules.MedFusionWidget


def wait(panel, seconds=900):
    """Let the application work until the panel's run has ended."""
    end = time.perf_counter() + seconds
    while panel.run.is_running:
        assert time.perf_counter() < end, "the panel still runs"
        slicer.app.processEvents()
        time.sleep(0.01)


def shot(name):
    """Pictures of the whole panel, when a folder for them is named."""
    folder = os.environ.get("MEDFUSION_SHOTS")
    if not folder:
        return
    parent = widget.parent
    parent.show()
    for width in WIDTHS:
        # A layout settles its height only after a second look, since labels wrap.
        for _ in range(3):
            parent.resize(width, parent.layout().totalSizeHint().height())
            slicer.app.processEvents()
        assert parent.width == width, f"the panel does not fit {width} px: {parent.width}"
        parent.grab().save(str(Path(folder) / f"{name}_{width}.png"))


def choose(combo, data):
    """Choose the item that holds ``data``."""
    assert combo.findData(data) >= 0, f"{combo.objectName} has no {data}"
    combo.setCurrentIndex(combo.findData(data))


def command_line(recipe, folder):
    """What `medfusion fuse` makes of the bundled patient with ``recipe``."""
    from MedFusionLib.resources import resource

    (folder / "recipe.json").write_text(recipe.to_json())
    names = {"CT": "STS_012 CT", "MR_T1": "STS_012 MR T1", "PET_SUV": "STS_012 PET SUV"}
    arguments = [str(resource(f"SampleData/STS_012_{name}.nii.gz")) for name in names]
    for name in names.values():
        arguments += ["--name", name]
    library = str(Path(sys.modules["MedFusionLib"].__file__).resolve().parents[1])
    # Outside Slicer, BRAINSFit is an executable given by its path: the one that Slicer has registered as a CLI.
    brainsfit = {"MEDFUSION_BRAINSFIT": slicer.modules.brainsfit.path} if hasattr(slicer.modules, "brainsfit") else {}
    subprocess.run([sys.executable, "-m", "MedFusionLib", "fuse", *arguments, "--recipe", str(folder / "recipe.json"),
                    "--output", str(folder / "out"), "--progress", "none"], check=True,
                   env={**os.environ, **brainsfit, "PYTHONPATH": library})
    (fused,) = (folder / "out").glob("fused_*.nii.gz")
    return sitk.GetArrayFromImage(sitk.ReadImage(str(fused)))


def drive(engine):
    """One run with ``engine``, compared with the command line."""
    from MedFusionLib.ui.reading import read_choices
    from MedFusionLib.ui.recipes import recipe_of

    slicer.mrmlScene.Clear()
    ui, panel = widget.ui, widget.panel
    assert ui.sampleDataButton.isVisibleTo(widget.parent)
    ui.sampleDataButton.click()
    choose(ui.registrationCombo, engine)
    choose(ui.familyCombo, "multiscale")
    choose(ui.methodCombo, "laplacian")
    panel.fusion.form.widgets["levels"].value = 3
    ui.moving2WindowCombo.setEditText("0 5")
    ui.continueCheckBox.setChecked(True)
    shot("ready")
    assert ui.applyButton.enabled, ui.hintLabel.text
    recipe = recipe_of(read_choices(widget.parameters))
    ui.applyButton.click()
    assert ui.applyButton.text == "Cancel"
    ui.compareButton.click()
    while panel.run.is_running and ui.progressBar.value < 100:
        slicer.app.processEvents()
    shot("running")
    wait(panel)
    assert panel.outcome().fused is not None, ui.messageLabel.text
    shot(f"after_{engine}")
    with tempfile.TemporaryDirectory() as folder:
        expected = command_line(recipe, Path(folder))
    found = slicer.util.arrayFromVolume(panel.outcome().fused)
    assert found.shape == expected.shape
    apart = int(np.count_nonzero(found != expected))
    furthest = int(np.abs(found.astype(int) - expected.astype(int)).max())
    print(f"{engine}: {apart} of {found.size} values differ from the command line, by {furthest} of 255 at most; "
          f"{[(line['moving'], line['decision']) for line in panel.outcome().record['registrations']]}")
    assert apart <= ROUNDED.get(engine, 0.0) * found.size


def use_the_result():
    """Everything that can be clicked after a run."""
    ui, panel = widget.ui, widget.panel
    for button in (ui.checkerboardButton, ui.flickerButton, ui.complementaryButton, ui.complementaryButton):
        button.click()
        slicer.app.processEvents()
    ui.showResultButton.click()
    ui.blendSlider.value = 0.5
    with tempfile.TemporaryDirectory() as folder:
        ui.exportFolderButton.directory = folder
        ui.exportButton.click()
        names = sorted(os.listdir(folder))
        assert {"metrics.csv", "record.json"} <= set(names), ui.messageLabel.text
        assert sum(name.endswith(".nii.gz") for name in names) == 4, names
        ui.recipePathEdit.currentPath = str(Path(folder) / "mine.json")
        ui.saveRecipeButton.click()
        saved = json.loads((Path(folder) / "mine.json").read_text())
        assert saved["parameters"] == {"levels": 3}
        choose(ui.methodCombo, "dwt")
        ui.loadRecipeButton.click()
        assert ui.methodCombo.currentText == "Laplacian pyramid", ui.methodCombo.currentText
    ui.copyPythonButton.click()
    compile(qt.QApplication.clipboard().text(), "copied", "exec")
    panel.registration.close()


def compare():
    """Three methods on the volumes as they are, from the list to the chart."""
    ui, panel = widget.ui, widget.panel
    ui.compareCollapsibleButton.collapsed = False
    for index in range(3):
        ui.compareList.item(index).setCheckState(qt.Qt.Checked)
    choose(ui.registrationCombo, "none")
    assert ui.compareButton.enabled, ui.compareLabel.text
    ui.compareButton.click()
    wait(panel)
    assert ui.compareTableWidget.rowCount == 3, ui.messageLabel.text
    panel.compare.show_row(1, 0)
    ui.chartButton.click()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 1, ui.messageLabel.text
    shot("compared")


def remove_nodes():
    """Inputs and outputs go while the panel is open: it goes on, and says what is missing."""
    ui, panel = widget.ui, widget.panel
    outcome = panel.outcome()
    for node in (outcome.fused, outcome.metrics, *outcome.sources):
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)
        slicer.app.processEvents()
    assert panel.outcome().fused is None
    assert not ui.applyButton.enabled
    assert "No fixed volume" in ui.hintLabel.text, ui.hintLabel.text


if __name__ in ("script", "__main__"):
    shot("empty")
    for name in os.environ.get("MEDFUSION_DRIVE", "simpleitk,elastix").split(","):
        drive(name)
    use_the_result()
    compare()
    remove_nodes()
    shot("removed")
