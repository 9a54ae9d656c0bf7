"""What the panel exports: every node in a file of its own."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib.scene import node_from_transform, node_from_volume, vocabulary
from MedFusionLib.ui.export import export_files
from MedFusionLib.ui.outcome import Outcome

slicer = pytest.importorskip("slicer")


def test_volumes_whose_names_would_meet_in_one_file_are_all_written(patient, tmp_path) -> None:
    scene = slicer.vtkMRMLScene()
    names = ("a/b", "a b", "頭")
    nodes = [node_from_volume(scene, volume, name) for volume, name in zip(patient, names, strict=True)]
    for shift, node in enumerate(nodes[:2], start=1):
        transform = node_from_transform(scene, sitk.TranslationTransform(3, (shift, 0.0, 0.0)), "shift")
        node.SetNodeReferenceID(vocabulary.TRANSFORM, transform.GetID())
    written = export_files(Outcome({}, nodes[2], tuple(nodes[:2]), None), tmp_path / "out")
    assert len(written) == 5
    volumes = [sitk.GetArrayFromImage(sitk.ReadImage(str(file))) for file in written if file.suffix == ".gz"]
    assert all(any(np.array_equal(volume.array, array) for array in volumes) for volume in patient)
    shifts = [sitk.ReadTransform(str(file)).TransformPoint((0.0, 0.0, 0.0))[0] for file in written
              if file.suffix == ".h5"]
    assert sorted(shifts) == [1.0, 2.0]
