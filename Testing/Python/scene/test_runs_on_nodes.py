"""Runs on nodes, in real child processes: the voxels of the command line, and a scene that is right afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import phantom
import pytest
import quick_library
import SimpleITK as sitk
from scene_digest import changes, scene_digest

from MedFusionLib import Recipe, Volume
from MedFusionLib.errors import BadInput, Cancelled, MedFusionError, RegistrationRejected
from MedFusionLib.evaluate import evaluate
from MedFusionLib.resources import resource
from MedFusionLib.scene import MedFusionLogic, node_from_volume, transform_from_node, vocabulary, volume_from_node
from MedFusionLib.scene.display import add_slice_views

slicer = pytest.importorskip("slicer")
pytestmark = pytest.mark.slow


@pytest.fixture
def scene(tmp_path, monkeypatch):
    quick_library.install(tmp_path / "quick", monkeypatch)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    scene = slicer.vtkMRMLScene()
    add_slice_views(scene)
    return scene


@pytest.fixture
def nodes(scene, patient):
    return [node_from_volume(scene, volume) for volume in patient]


def loaded(scene, path) -> object:
    """A node read by Slicer's own reader, named as Slicer names it."""
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", path.name.removesuffix(".nii.gz"))
    assert storage.ReadData(node)
    return node


def command_line(files, recipe: Recipe, folder) -> dict[str, np.ndarray]:
    """The volumes that ``medfusion fuse`` writes for the same files and recipe, by file name."""
    path = folder.with_suffix(".json")
    path.write_text(recipe.to_json())
    subprocess.run([sys.executable, "-P", "-m", "MedFusionLib", "fuse", *map(str, files), "--recipe", str(path),
                    "--output", str(folder), "--plain", "--progress", "none"], check=True)
    return {file.name: sitk.GetArrayFromImage(sitk.ReadImage(str(file))) for file in folder.glob("*.nii.gz")}


def assert_same_voxels(result, written: dict[str, np.ndarray], fused: str) -> None:
    np.testing.assert_array_equal(volume_from_node(result.fusedVolume).array, written[fused])
    for source in result.sources[1:]:
        name = f"aligned_{source.GetName().removesuffix(' aligned')}.nii.gz"
        np.testing.assert_array_equal(volume_from_node(source).array, written[name])


def test_the_logic_gives_the_voxels_of_the_command_line(scene, patient, tmp_path) -> None:
    # Numbers that are no short decimals, on axes that are not those of the room.
    for volume, turn in zip(patient, (0.1, -0.2, 0.3), strict=True):
        volume.image.SetSpacing((1.9531249, 2.0703125, 3.2699897))
        volume.image.SetDirection(sitk.Euler3DTransform((0, 0, 0), turn, 0.05, -turn).GetMatrix())
        volume.image.SetOrigin((-40.123457, 25.7654321, -300.98765))
    files = [volume.write(tmp_path / f"{name}.nii.gz") for volume, name in zip(patient, ("CT", "MR", "PET_SUV"),
                                                                              strict=True)]
    recipe = Recipe(method="laplacian", windows={"PET": "SUV 0-10"})
    fixed, *moving = (loaded(scene, file) for file in files)
    result = MedFusionLogic(scene).fuse(fixed, moving, recipe)
    assert_same_voxels(result, command_line(files, recipe, tmp_path / "out"), "fused_CT+MR+PET_SUV.nii.gz")
    assert [verdict and verdict.decision for verdict in result.verdicts] == [None, "warn", "warn"]


def test_the_bundled_patient_is_fused_from_the_console_as_from_the_command_line(scene, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    files = [resource(f"SampleData/STS_012_{name}.nii.gz") for name in ("CT", "PET_SUV")]
    recipe = Recipe(method="average", windows={"PET": "SUV 0-5"}, registration="simpleitk", on_rejection="continue")
    fixed, moving = (loaded(scene, file) for file in files)
    result = MedFusionLogic(scene).fuse(fixed, moving, recipe)
    written = command_line(files, recipe, tmp_path / "out")
    assert_same_voxels(result, written, "fused_STS_012_CT+STS_012_PET_SUV.nii.gz")


def test_a_comparison_adds_a_volume_and_a_row_for_each_method(scene, nodes) -> None:
    result = MedFusionLogic(scene).compare(nodes[0], nodes[1:2], methods=["average", "maximum"])
    assert [node.GetAttribute(vocabulary.METHOD) for node in result.fusedVolumes] == ["average", "maximum"]
    assert result.metricsTable.GetNumberOfRows() == 2
    alone = MedFusionLogic(scene).fuse(nodes[0], nodes[1], method="maximum")
    np.testing.assert_array_equal(volume_from_node(result.fusedVolumes[1]).array,
                                  volume_from_node(alone.fusedVolume).array)


def test_a_registration_gives_a_transform_node_and_moves_nothing(scene, nodes) -> None:
    before = scene_digest(scene)
    found = MedFusionLogic(scene).register(nodes[0], nodes[1])
    assert (found.engine, found.verdict.decision) == ("simpleitk", "warn")
    fixed = phantom.volume("CT").image
    middle = fixed.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in fixed.GetSize()])
    shift = np.array(transform_from_node(found.transform).TransformPoint(middle)) - middle
    np.testing.assert_allclose(shift, (1.3, -0.7, 2.1), atol=1e-9)
    assert found.transform.GetNodeReference(vocabulary.ORIGINAL) is nodes[1]
    scene.RemoveNode(found.transform)
    assert not changes(before, scene_digest(scene))


def test_a_fused_volume_is_measured_with_the_windows_of_its_run_and_within_a_mask_otherwise(scene, nodes) -> None:
    logic = MedFusionLogic(scene)
    result = logic.fuse(nodes[0], nodes[1:], Recipe(method="average", windows={"CT": "bone"}))
    table = logic.evaluate(result.fusedVolume, nodes).GetTable()
    told = json.loads(result.record.GetText())["windows"]
    sources = [volume_from_node(node) for node in result.sources]
    windows = {volume.name: (entry["lower"], entry["upper"]) for volume, entry in zip(sources, told, strict=True)}
    expected = evaluate(volume_from_node(result.fusedVolume), sources, None, windows)
    assert windows["CT"] == (-500.0, 1300.0)
    for name in ("mutual_information", "ssim", "psnr", "entropy"):
        assert table.GetColumnByName(name).GetValue(0) == pytest.approx(expected[name], rel=1e-6)
    inside = node_from_volume(scene, phantom.volume("CT").like((phantom.labels() == 1).astype(np.uint8)), "muscle")
    masked = logic.evaluate(result.fusedVolume, nodes, inside).GetTable()
    assert masked.GetColumnByName("entropy").GetValue(0) != table.GetColumnByName("entropy").GetValue(0)


def test_the_record_names_mask_and_landmarks_without_a_path_of_this_machine(scene, nodes, tmp_path) -> None:
    mask = node_from_volume(scene, phantom.volume("CT").like((phantom.labels() > 0).astype(np.uint8)), "body")
    points = [scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name) for name in ("here", "there")]
    for node in points:
        for place in ((0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)):
            node.AddControlPoint(place)
    result = MedFusionLogic(scene).fuse(nodes[0], nodes[1], mask=mask, landmarks=tuple(points))
    text = result.record.GetText()
    told = json.loads(text)["recipe"]["registration"]
    assert (told["fixed_mask"], told["landmarks"], told["initial"]) == ("mask.mha", "landmarks.csv", "landmarks")
    assert str(tmp_path) not in text


def test_two_volumes_of_one_name_and_names_of_any_kind_are_kept_apart(scene, nodes) -> None:
    names = ("CT/1 🧠", "T1 = \"schön\" #2", "T1 = \"schön\" #2")
    for node, name in zip(nodes, names, strict=True):
        node.SetName(name)
    result = MedFusionLogic(scene).fuse(nodes[0], nodes[1:], modalities=["CT", "MR", "PET"], method="average")
    assert [node.GetName() for node in result.sources[1:]] == [f"{names[1]} aligned", f"{names[1]}-2 aligned"]
    assert not np.array_equal(volume_from_node(result.sources[1]).array, volume_from_node(result.sources[2]).array)
    assert result.fusedVolume.GetName() == f"fused {names[0]} + {names[1]} + {names[1]}-2"


@pytest.mark.parametrize("gone", [0, 1])
def test_an_input_that_is_removed_meanwhile_leaves_the_result_without_it(scene, nodes, gone) -> None:
    job = MedFusionLogic(scene).start(nodes[0], nodes[1:], method="average")
    scene.RemoveNode(nodes[gone])
    result = job.wait()
    assert result.originals[gone] is None
    others = [index for index in range(3) if index != gone]
    assert all(result.originals[index] is nodes[index] for index in others)
    for node in (result.fusedVolume, result.metricsTable, *filter(None, result.sources), *result.transforms[1:]):
        for index in range(node.GetNumberOfNodeReferenceRoles()):
            role = node.GetNthNodeReferenceRole(index)
            assert all(node.GetNthNodeReference(role, number) is not None
                       for number in range(node.GetNumberOfNodeReferences(role)))


def test_a_rejected_registration_adds_nothing_unless_the_recipe_goes_on(scene, nodes) -> None:
    nodes[1].SetName("flipped MR")
    before = scene_digest(scene)
    with pytest.raises(RegistrationRejected, match="left-right flip"):
        MedFusionLogic(scene).fuse(nodes[0], nodes[1])
    with pytest.raises(RegistrationRejected, match="left-right flip"):
        MedFusionLogic(scene).register(nodes[0], nodes[1])
    assert not changes(before, scene_digest(scene))
    result = MedFusionLogic(scene).fuse(nodes[0], nodes[1], Recipe(on_rejection="continue"))
    assert result.verdicts[1].decision == "reject"


def test_what_only_the_child_finds_wrong_has_its_words_and_adds_nothing(scene, nodes) -> None:
    before = scene_digest(scene)
    with pytest.raises(BadInput, match="window 'teeth'") as caught:
        MedFusionLogic(scene).fuse(nodes[0], nodes[1], Recipe(windows={"CT": "teeth"}))
    assert caught.value.mend.startswith("Use one of")
    assert not changes(before, scene_digest(scene))


@pytest.mark.parametrize("stop", ["export", "read", "register", "fuse", "measure", "write", "show"])
def test_a_cancel_at_any_stage_is_quick_and_leaves_nothing(scene, nodes, tmp_path, stop) -> None:
    before = scene_digest(scene)
    took = []

    def progress(stage: str, fraction: float, message: str = "") -> None:
        if stage == stop:
            cancel()

    def cancel() -> None:
        started = time.perf_counter()
        job.cancel()
        took.append(time.perf_counter() - started)

    job = MedFusionLogic(scene).start(nodes[0], nodes[1:], onProgress=progress)
    if stop == "export":
        cancel()
    with pytest.raises(Cancelled):
        job.wait()
    assert took[0] < 1
    assert job._child.code() is not None
    assert not list((tmp_path / "temporary").iterdir())
    assert not changes(before, scene_digest(scene))


def test_a_failure_while_adding_leaves_no_file_and_the_scene_as_it_was(scene, nodes, tmp_path, monkeypatch) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError("planted")

    before = scene_digest(scene)
    monkeypatch.setattr("MedFusionLib.scene.display.fit", fail)
    with pytest.raises(MedFusionError, match="planted"):
        MedFusionLogic(scene).fuse(nodes[0], nodes[1:])
    assert not list((tmp_path / "temporary").iterdir())
    assert not changes(before, scene_digest(scene))


def test_two_jobs_at_once_add_their_own(scene, nodes) -> None:
    logic = MedFusionLogic(scene)
    jobs = [logic.start(nodes[0], nodes[1], method=method) for method in ("average", "maximum")]
    results = [job.wait() for job in jobs]
    assert [result.fusedVolume.GetAttribute(vocabulary.METHOD) for result in results] == ["average", "maximum"]


def test_the_inputs_are_as_before_and_stand_below_the_transforms_they_stood_below(scene, nodes) -> None:
    above = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "above")
    nodes[1].SetAndObserveTransformNodeID(above.GetID())
    ids = [node.GetID() for node in (*nodes, above)]
    before = scene_digest(scene)
    MedFusionLogic(scene).fuse(nodes[0], nodes[1:])
    after = scene_digest(scene)
    assert [before[name] for name in ids] == [after[name] for name in ids]
    assert isinstance(volume_from_node(nodes[1]), Volume)
