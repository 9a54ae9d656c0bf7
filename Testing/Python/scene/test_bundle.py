"""A written scene, opened again, holds every node: geometry, voxels, transforms, table, text, references."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_run import inside, volume

from MedFusionLib.colour import colour_table
from MedFusionLib.errors import BadInput, MedFusionError
from MedFusionLib.geometry import ijk_to_ras
from MedFusionLib.pipeline import Result
from MedFusionLib.scene import open_scene, vocabulary, write_scene
from MedFusionLib.scene.matrices import from_vtk


@pytest.fixture
def scene(run: Result, tmp_path: Path):
    return open_scene(write_scene(run, tmp_path / "scene.mrb"))


def node(scene, name: str):
    found = scene.GetFirstNodeByName(name)
    assert found is not None, f"no node '{name}'"
    return found


def voxels(volume_node) -> np.ndarray:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    data = volume_node.GetImageData()
    scalars = vtk_to_numpy(data.GetPointData().GetScalars())
    return scalars.reshape(*data.GetDimensions()[::-1], *scalars.shape[1:])


def test_every_volume_has_the_geometry_and_the_voxels_it_was_written_with(scene, run: Result) -> None:
    written = {run.sources[0].name: run.sources[0], "T1 aligned": run.sources[1], "PET aligned": run.sources[2],
               "T1": run.originals[1], "PET": run.originals[2],
               "fused CT + T1": run.fusions[0].volume, "fused CT + T1 + PET": run.fusions[1].volume}
    for name, expected in written.items():
        opened = node(scene, name)
        np.testing.assert_allclose(from_vtk(opened.GetIJKToRASMatrix), ijk_to_ras(expected.image), atol=1e-6)
        np.testing.assert_array_equal(voxels(opened), expected.array)
    assert np.linalg.det(from_vtk(node(scene, "fused CT + T1").GetIJKToRASMatrix)[:3, :3]) < 0
    assert node(scene, "fused CT + T1 + PET").IsA("vtkMRMLVectorVolumeNode")
    assert scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == len(written)


def test_a_transform_puts_the_moving_volume_where_the_registration_says(scene, run: Result) -> None:
    for index, name in ((1, "T1 to "), (2, "PET to ")):
        opened = node(scene, name + run.sources[0].name)
        transform = run.registrations[index].transform
        for fixed in inside(run.sources[0].image, 20):
            moving = np.array(transform.TransformPoint(fixed.tolist()))
            flip = np.array([-1, -1, 1])
            there = opened.GetTransformFromParent().TransformPoint(fixed * flip)
            np.testing.assert_allclose(there, moving * flip, atol=1e-6)
            # A point of the moving volume appears, below the node, at its place in the fixed one.
            back = opened.GetTransformToParent().TransformPoint(moving * flip)
            np.testing.assert_allclose(back, fixed * flip, atol=1e-2)
        original = node(scene, run.originals[index].name)
        assert original.GetParentTransformNode() is opened


def test_table_and_record_are_what_was_measured_and_noted(scene, run: Result) -> None:
    assert node(scene, "MedFusion record").GetText() == run.record.to_json()
    table = node(scene, "MedFusion metrics").GetTable()
    titles = [table.GetColumn(index).GetName() for index in range(table.GetNumberOfColumns())]
    assert titles == ["fused", "method", "ssim", "entropy"]
    assert [table.GetValue(row, 0).ToString() for row in range(2)] == ["CT + T1", "CT + T1 + PET"]
    figures = [[table.GetColumn(column).GetValue(row) for column in (2, 3)] for row in range(2)]
    # Slicer writes six digits; a metric that does not apply is NaN.
    np.testing.assert_allclose(figures, [[0.123456789012345678, 6.5], [np.nan, 7.25]], rtol=1e-5)


def test_every_output_tells_what_it_was_made_of(scene, run: Result) -> None:
    ct, record = node(scene, run.sources[0].name), node(scene, "MedFusion record")
    fused = node(scene, "fused CT + T1 + PET")
    assert [fused.GetNthNodeReference(vocabulary.SOURCE, index) for index in range(3)] == [
        ct, node(scene, "T1 aligned"), node(scene, "PET aligned")]
    transforms = [fused.GetNthNodeReference(vocabulary.TRANSFORM, index) for index in range(2)]
    assert [transform.GetName().split(" to ")[0] for transform in transforms] == ["T1", "PET"]
    assert fused.GetNodeReference(vocabulary.METRICS) is node(scene, "MedFusion metrics")
    assert node(scene, "fused CT + T1").GetNumberOfNodeReferences(vocabulary.SOURCE) == 2
    aligned, transform = node(scene, "PET aligned"), node(scene, "PET to " + run.sources[0].name)
    assert aligned.GetNodeReference(vocabulary.ORIGINAL) is node(scene, "PET")
    assert aligned.GetNodeReference(vocabulary.FIXED) is ct
    assert transform.GetNodeReference(vocabulary.FIXED) is ct
    assert transform.GetAttribute(vocabulary.VERDICT) == "accept"
    for output in (ct, fused, aligned, transform, node(scene, "MedFusion metrics")):
        assert output.GetNodeReference(vocabulary.RECORD) is record


def test_a_fused_volume_is_marked_as_not_for_measuring(scene) -> None:
    for name in ("fused CT + T1", "fused CT + T1 + PET"):
        assert node(scene, name).GetAttribute(vocabulary.PURPOSE) == "for looking, not for measuring"
        assert "not for measuring" in node(scene, name).GetDescription()
    assert node(scene, "PET aligned").GetAttribute(vocabulary.PURPOSE) is None


def test_windows_colours_and_units_are_those_of_the_run(scene, run: Result) -> None:
    ct, pet = node(scene, run.sources[0].name), node(scene, "PET aligned")
    windows = {run.sources[0].name: (-160, 240), "T1": (3.5, 812.25), "T1 aligned": (3.5, 812.25), "PET": (0, 5),
               "PET aligned": (0, 5), "fused CT + T1": (0, 1), "fused CT + T1 + PET": (0, 255)}
    for name, (lower, upper) in windows.items():
        display = node(scene, name).GetDisplayNode()
        assert not display.GetAutoWindowLevel()
        assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == pytest.approx((lower, upper))
    assert ct.GetDisplayNode().GetColorNodeID() == "vtkMRMLColorTableNodeGrey"
    colours = pet.GetDisplayNode().GetColorNode()
    table = [[round(255 * part) for part in colours.GetLookupTable().GetTableValue(index)[:3]] for index in range(256)]
    np.testing.assert_array_equal(table, colour_table("hot iron"))
    assert ct.GetVoxelValueUnits().GetCodeValue() == "[hnsf'U]"
    assert pet.GetVoxelValueUnits().GetCodeValue() == "{SUVbw}g/ml"


def test_grey_volumes_find_the_grey_of_a_scene_with_standard_colours(run: Result, tmp_path: Path) -> None:
    import slicer

    scene = slicer.vtkMRMLScene()
    colours = slicer.vtkMRMLColorLogic()
    colours.SetMRMLScene(scene)
    open_scene(write_scene(run, tmp_path / "scene.mrb"), scene)
    for name in (run.sources[0].name, "T1 aligned", "fused CT + T1"):
        assert node(scene, name).GetDisplayNode().GetColorNode().GetName() == "Grey"
    assert node(scene, "PET").GetDisplayNode().GetColorNode().GetName() == "hot iron"


def test_the_slice_views_show_the_fused_over_the_fixed_volume(scene, run: Result) -> None:
    fixed, fused = node(scene, run.sources[0].name), node(scene, "fused CT + T1 + PET")
    bounds = [0.0] * 6
    fixed.GetRASBounds(bounds)
    centre, size = (np.array(bounds[::2]) + bounds[1::2]) / 2, np.subtract(bounds[1::2], bounds[::2])
    for name, orientation, normal in (("Red", "Axial", 2), ("Green", "Coronal", 1), ("Yellow", "Sagittal", 0)):
        composite = scene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")
        assert (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()) == (fixed.GetID(), fused.GetID())
        view = scene.GetNodeByID(f"vtkMRMLSliceNode{name}")
        assert view.GetOrientation() == orientation
        place = np.array([view.GetSliceToRAS().GetElement(row, 3) for row in range(3)])
        np.testing.assert_allclose(place, centre, atol=0.01)  # the scene file has six digits
        seen = np.delete(size, normal)
        assert min(view.GetFieldOfView()[0] / seen[0], view.GetFieldOfView()[1] / seen[1]) >= 1
        assert max(view.GetFieldOfView()[:2]) < 1.2 * max(seen)


def test_all_nodes_of_the_run_are_in_one_folder(scene) -> None:
    import slicer

    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = tree.GetItemByDataNode(node(scene, "fused CT + T1"))
    folder = tree.GetItemParent(item)
    assert tree.GetItemName(folder).startswith("MedFusion: ")
    for name in ("T1 aligned", "MedFusion record", "MedFusion metrics", "fused CT + T1 + PET"):
        assert tree.GetItemParent(tree.GetItemByDataNode(node(scene, name))) == folder


def test_file_names_are_plain_and_no_path_of_this_machine_is_written(run: Result, tmp_path: Path) -> None:
    mr, pet = run.originals[1:]
    odd = replace(run, originals=(run.originals[0], replace(mr, name="T1 aligned"), replace(pet, name="x" * 300)))
    path = write_scene(odd, tmp_path / "größe scene 🧠.mrb")
    with zipfile.ZipFile(path) as bundle:
        names = bundle.namelist()
        text = next(bundle.read(name) for name in names if name.endswith(".mrml")).decode()
        parts = [bundle.read(name) for name in names if name.endswith((".nrrd", ".h5", ".tsv", ".txt", ".csv"))]
    files = [name for name in names if "." in name.rsplit("/", 1)[-1]]
    assert all(re.fullmatch(r"scene/(Data/)?[A-Za-z0-9.-]{1,50}", name) for name in files), files
    assert len({name.lower() for name in files}) == len(files) == 14
    for secret in (tempfile.gettempdir(), str(tmp_path), str(Path.home()), str(Path.cwd())):
        assert secret not in text
        assert not any(secret.encode() in part for part in parts)
    scene = open_scene(path)
    assert scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 7


def test_nothing_is_left_in_temporary_folders(run: Result, tmp_path: Path, monkeypatch) -> None:
    temporary, target = tmp_path / "temporary", tmp_path / "target"
    temporary.mkdir()
    target.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    open_scene(write_scene(run, target / "scene.mrb"))
    assert list(temporary.iterdir()) == []
    assert [path.name for path in target.iterdir()] == ["scene.mrb"]


def test_a_failure_leaves_the_older_file_as_it_was(run: Result, tmp_path: Path) -> None:
    path = tmp_path / "scene.mrb"
    path.write_bytes(b"older")
    with pytest.raises(BadInput, match="no such map"):
        write_scene(replace(run, colour_maps=("grey", "grey", "no such map")), path)
    assert path.read_bytes() == b"older"
    assert [path.name for path in tmp_path.iterdir()] == ["scene.mrb"]


@pytest.mark.parametrize("room", [20_000, 60_000])
def test_a_full_disk_is_one_line_and_leaves_nothing(run: Result, tmp_path: Path, monkeypatch, room: int) -> None:
    resource = pytest.importorskip("resource", reason="only Unix can limit the size of files")
    temporary, target = tmp_path / "temporary", tmp_path / "target"
    temporary.mkdir()
    target.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    large = volume("large", "CT", (60, 50, 10))  # more than both limits, as noise does not compress
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(MedFusionError, match=r"could not write the scene 'scene.mrb': .*large"):
            write_scene(replace(run, fusions=(replace(run.fusions[0], volume=large),)), target / "scene.mrb")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(temporary.iterdir()) == list(target.iterdir()) == []


@pytest.mark.parametrize("name", ["scene.mrml", "missing/scene.mrb", "scene"])
def test_a_path_that_cannot_work_is_refused_at_the_door(run: Result, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        write_scene(run, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scene.mrb").write_bytes(b"this is no archive")
    with pytest.raises(BadInput, match="no scene bundle"):
        open_scene(tmp_path / "scene.mrb")
    with pytest.raises(BadInput, match="no scene"):
        open_scene(tmp_path / "other.mrb")
    with zipfile.ZipFile(tmp_path / "scene.mrb", "w") as bundle:
        bundle.writestr("note.txt", "no scene in here")
    here = Path.cwd()
    with pytest.raises(BadInput, match="cannot read all"):
        open_scene(tmp_path / "scene.mrb")
    assert Path.cwd() == here


def test_without_slicer_core_the_error_names_the_mend(run: Result, tmp_path: Path) -> None:
    path = write_scene(run, tmp_path / "scene.mrb")
    ask = ("import sys; sys.modules['slicer'] = None\n"
           "from MedFusionLib.scene import open_scene\n"
           "try: open_scene(sys.argv[1])\n"
           "except Exception as error: print(type(error).__name__, error)")
    command = [sys.executable, "-c", ask, str(path)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert answer.startswith("MissingDependency")
    assert "pip install MedFusionLib[scene]" in answer


def test_importing_the_scene_wing_imports_neither_mrml_nor_vtk() -> None:
    ask = ("import sys, MedFusionLib.scene; from MedFusionLib.scene import MedFusionLogic\n"
           "print([name for name in ('slicer', 'vtk', 'vtkmodules', 'qt', 'torch', 'SimpleITK', 'scipy') "
           "if name in sys.modules])")
    answer = subprocess.run([sys.executable, "-c", ask], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert answer.strip() == "[]"
