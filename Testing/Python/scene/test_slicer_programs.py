"""Slicer's side of the mailbox, with stand-ins for ``slicer.cli`` and ElastixLogic that have the real signatures.

The real BRAINSFit is run by Testing/Slicer; here real MRML nodes show what the programs are given and what is left.
"""

# ruff: noqa: N802, N803 (Slicer's names)

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import SimpleITK as sitk
from made_run import volume

from MedFusionLib.registration import elastix
from MedFusionLib.registration.mailbox import FOLDER, PROGRAMS, write
from MedFusionLib.scene.mailbox import Mailbox
from MedFusionLib.scene.mrml import Node, Scene

slicer = pytest.importorskip("slicer")
START = sitk.Euler3DTransform((1, 2, 3), 0.1, 0.2, 0.3, (4, 5, 6))
RESULT = "TransformParameters.0-Composite.h5"
POINT = (10.0, -20.0, 30.0)


class Cli:
    """Follows slicer.cli's createNode and run, on a real command line node; the end comes by ``finish``."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.given: dict[str, Any] = {}
        self.command: Node | None = None
        self.dies_on_cancel = True

    def createNode(self, cliModule, parameters=None):
        self.given = dict(parameters)
        self.command = self.scene.AddNode(slicer.vtkMRMLCommandLineModuleNode())
        return self.command

    def run(self, module, node=None, parameters=None, wait_for_completion=False, delete_temporary_files=True,
            update_display=True, hide_window=True):
        assert not wait_for_completion
        assert not update_display
        node.SetStatus(node.Running)
        node.AddObserver("ModifiedEvent", self.killed)
        return node

    def killed(self, node: Node, event: str) -> None:
        if node.GetStatus() == node.Cancelling and self.dies_on_cancel:
            node.SetStatus(node.Cancelled, False)

    def finish(self) -> None:
        """What the CLI logic does at the end: the result is the start, and the moving volume goes below it."""
        result = self.given["linearTransform"]
        result.CopyContent(self.given["initialTransform"])
        result.CreateDefaultDisplayNodes()
        self.given["movingVolume"].SetAndObserveTransformNodeID(result.GetID())
        self.command.SetOutputText("Starting Transform Estimations for Rigid(1 of 1).\n", False)
        self.command.SetStatus(self.command.Completed)


class ElastixLogic:
    """Follows SlicerElastix's logic: what is set on it, registerVolumes' parameters, and how it takes a cancel."""

    meanwhile: Any = None
    given: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.cancelRequested = False
        self.logStandardOutput = False

    def registerVolumes(self, fixedVolumeNode, movingVolumeNode, parameterFilenames=None,
                        outputVolumeNode=None, outputTransformNode=None, fixedVolumeMaskNode=None,
                        movingVolumeMaskNode=None, forceDisplacementFieldOutputTransform=True,
                        initialTransformNode=None):
        self.cancelRequested = False
        assert self.logStandardOutput
        assert not forceDisplacementFieldOutputTransform
        ElastixLogic.given = (fixedVolumeNode, movingVolumeNode, fixedVolumeMaskNode, parameterFilenames)
        self.logCallback("Resolution: 0")
        if ElastixLogic.meanwhile:
            ElastixLogic.meanwhile()
        if not self.cancelRequested:
            outputTransformNode.CopyContent(initialTransformNode)
            scene = outputTransformNode.GetScene()
            scene.AddNewNodeByClass("vtkMRMLTransformStorageNode").SetFileName(f"/gone/{RESULT}")
        self.cancelRequested = False


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scene:
    """A scene with a user's volume, taken for the application's own."""
    scene = slicer.vtkMRMLScene()
    scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "the user's")
    monkeypatch.setattr(slicer, "mrmlScene", scene, raising=False)
    modules = SimpleNamespace(brainsfit=object(), elastix=object())
    monkeypatch.setattr(slicer, "modules", modules, raising=False)
    monkeypatch.setattr(slicer, "app", SimpleNamespace(temporaryPath=str(tmp_path)), raising=False)
    monkeypatch.setattr(elastix, "installed", lambda: False)
    return scene


@pytest.fixture
def cli(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Cli:
    fake = Cli(scene)
    monkeypatch.setitem(sys.modules, "slicer.cli", fake)
    monkeypatch.setattr(slicer, "cli", fake, raising=False)
    return fake


@pytest.fixture
def logic(monkeypatch: pytest.MonkeyPatch) -> type[ElastixLogic]:
    module = ModuleType("Elastix")
    module.ElastixLogic = ElastixLogic
    monkeypatch.setitem(sys.modules, "Elastix", module)
    monkeypatch.setattr(ElastixLogic, "meanwhile", None)
    return ElastixLogic


@pytest.fixture
def box(scene: Scene, tmp_path: Path) -> Mailbox:
    (tmp_path / "box").mkdir()
    return Mailbox(scene, tmp_path / "box")


def names(scene: Scene) -> list[str]:
    return [scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())]


def files(folder: Path) -> dict[str, str]:
    """Two volumes, a mask and a start, as the library's engines write them."""
    paths = {key: str(folder / f"{key}.nrrd") for key in ("fixed", "moving", "mask")}
    for number, path in enumerate(paths.values()):
        sitk.WriteImage(volume("v", "CT", (12 + number, 10, 8)).image, path)
    sitk.WriteTransform(START, str(folder / "initial.h5"))
    others = {"initial": "initial.h5", "result": RESULT}
    return {**paths, **{key: str(folder / name) for key, name in others.items()}}


def ask_brainsfit(box: Mailbox, folder: Path) -> Path:
    """Post a request for BRAINSFit; returns the path where its transform shall be."""
    made = files(folder)
    given = {"fixedVolume": made["fixed"], "movingVolume": made["moving"], "fixedBinaryVolume": made["mask"],
             "initialTransform": made["initial"], "linearTransform": made["result"], "useRigid": True,
             "samplingPercentage": 0.02, "splineGridSize": [3, 4, 5]}
    write(box.folder / "0.request.json", {"program": "brainsfit", "parameters": given})
    return Path(made["result"])


def ask_elastix(box: Mailbox, folder: Path) -> Path:
    made = files(folder)
    given = {key: made[key] for key in ("fixed", "moving", "initial", "result")}
    given |= {"fixed_mask": made["mask"], "moving_mask": "", "parameters": ["/job/parameters0.txt"]}
    write(box.folder / "0.request.json", {"program": "elastix", "parameters": given})
    return Path(made["result"])


def answer(box: Mailbox) -> dict[str, Any]:
    return json.loads((box.folder / "0.answer.json").read_text())


def test_what_slicer_has_is_offered_to_the_child(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert box.environment() == {FOLDER: str(box.folder), PROGRAMS: "brainsfit,elastix"}
    monkeypatch.setattr(elastix, "installed", lambda: True)
    assert box.environment()[PROGRAMS] == "brainsfit"
    del slicer.modules.brainsfit
    assert box.environment() == {}


def test_nothing_is_offered_for_a_scene_that_is_not_the_applications(box: Mailbox) -> None:
    assert Mailbox(slicer.vtkMRMLScene(), box.folder).environment() == {}


def test_brainsfit_gets_hidden_nodes_and_leaves_a_transform_and_nothing_else(box, scene, cli, tmp_path) -> None:
    before, result = names(scene), ask_brainsfit(box, tmp_path)
    box.poll()
    box.poll()
    assert not (box.folder / "0.answer.json").exists()
    assert cli.given["fixedVolume"].GetImageData().GetDimensions() == (12, 10, 8)
    assert cli.given["fixedBinaryVolume"].IsA("vtkMRMLLabelMapVolumeNode")
    assert {key: cli.given[key] for key in ("useRigid", "samplingPercentage", "splineGridSize")} == {
        "useRigid": True, "samplingPercentage": 0.02, "splineGridSize": [3, 4, 5]}
    added = [scene.GetNodeByID(name) for name in names(scene) if name not in before]
    assert len(added) == 6
    assert all(node.GetHideFromEditors() and not node.GetSaveWithScene() for node in added)
    cli.finish()
    box.poll()
    assert answer(box) == {"code": 0, "text": ""}
    assert sitk.ReadTransform(str(result)).TransformPoint(POINT) == pytest.approx(START.TransformPoint(POINT))
    assert (box.folder / "0.said.txt").read_text().startswith("Starting Transform Estimations")
    assert names(scene) == before


def test_brainsfits_own_words_tell_why_it_failed(box, scene, cli, tmp_path) -> None:
    before, _ = names(scene), ask_brainsfit(box, tmp_path)
    box.poll()
    cli.command.SetErrorText("All samples map outside moving image buffer", False)
    cli.command.SetStatus(cli.command.CompletedWithErrors)
    box.poll()
    assert answer(box) == {"code": 1, "text": "All samples map outside moving image buffer"}
    assert names(scene) == before


def test_a_file_that_slicer_cannot_read_is_answered_at_once(box, scene, cli, tmp_path, capfd) -> None:
    before, _ = names(scene), ask_brainsfit(box, tmp_path)
    (tmp_path / "moving.nrrd").write_text("nothing")
    box.poll()
    assert answer(box)["code"] == 1
    assert "cannot read 'moving.nrrd'" in answer(box)["text"]
    assert names(scene) == before


@pytest.mark.parametrize("how", ["cancel", "close", "taken back"])
def test_a_cancel_kills_the_program_and_leaves_the_scene_as_it_was(box, scene, cli, tmp_path, how: str) -> None:
    before, _ = names(scene), ask_brainsfit(box, tmp_path)
    box.poll()
    if how == "taken back":
        (box.folder / "0.request.json").unlink()
        box.poll()
    else:
        getattr(box, how)()
    assert cli.command.GetStatus() == cli.command.Cancelled
    assert names(scene) == before
    assert not (box.folder / "0.answer.json").exists()


def test_nodes_that_slicers_thread_still_needs_go_when_it_has_ended(box, scene, cli, tmp_path) -> None:
    before, _ = names(scene), ask_brainsfit(box, tmp_path)
    box.poll()
    cli.dies_on_cancel = False
    box.cancel()
    assert len(names(scene)) > len(before)
    cli.command.SetStatus(cli.command.Cancelled)
    assert names(scene) == before


def test_a_cancel_that_slicer_forgets_while_it_starts_the_process_is_said_again(box, scene, cli, tmp_path) -> None:
    before, _ = names(scene), ask_brainsfit(box, tmp_path)
    box.poll()
    cli.dies_on_cancel = False
    box.cancel()
    cli.dies_on_cancel = True
    # vtkSlicerCLIModuleLogic sets this when the inputs are written, whatever the status was.
    cli.command.SetStatus(cli.command.Running)
    assert cli.command.GetStatus() == cli.command.Cancelled
    cli.command.Modified()
    assert names(scene) == before


def test_elastix_runs_by_the_extensions_logic(box, scene, logic, tmp_path) -> None:
    before, result = names(scene), ask_elastix(box, tmp_path)
    box.poll()
    assert answer(box) == {"code": 0, "text": ""}
    fixed, moving, mask, parameters = logic.given
    assert (fixed is moving, mask.IsA("vtkMRMLLabelMapVolumeNode")) == (False, True)
    assert parameters == ["/job/parameters0.txt"]
    assert sitk.ReadTransform(str(result)).TransformPoint(POINT) == pytest.approx(START.TransformPoint(POINT))
    assert (box.folder / "0.said.txt").read_text() == "Resolution: 0\n"
    assert names(scene) == before


def test_elastix_is_cancelled_from_an_event_while_it_blocks(box, scene, logic, tmp_path) -> None:
    before, result = names(scene), ask_elastix(box, tmp_path)

    def click() -> None:
        box.poll()
        box.close()

    logic.meanwhile = click
    box.poll()
    assert names(scene) == before
    assert not result.exists()
    assert not (box.folder / "0.answer.json").exists()


def test_a_failing_elastix_is_answered(box, scene, logic, tmp_path) -> None:
    before, _ = names(scene), ask_elastix(box, tmp_path)

    def fail() -> None:
        raise ValueError("Elastix not found")

    logic.meanwhile = fail
    box.poll()
    assert answer(box) == {"code": 1, "text": "ValueError: Elastix not found"}
    assert names(scene) == before
