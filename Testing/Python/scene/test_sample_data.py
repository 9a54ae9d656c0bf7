"""The bundled patient is offered whole: files with their check sums, nodes with modality and unit."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
import SimpleITK as sitk

from MedFusionLib.naming import modality_of
from MedFusionLib.resources import resource
from MedFusionLib.scene import volume_from_node
from MedFusionLib.scene.sample_data import BRAIN, CATEGORY, PATIENT, SAMPLES, load_sample, register_sample_data

# ruff: noqa: N802, N803 (names of Sample Data)

slicer = pytest.importorskip("slicer")


def test_the_check_sums_are_those_of_the_files() -> None:
    assert len(SAMPLES) == 3
    for sample in SAMPLES:
        assert hashlib.sha256(sample.path.read_bytes()).hexdigest() == sample.sha256


def test_the_patient_is_loaded_as_ct_mr_and_pet() -> None:
    scene = slicer.vtkMRMLScene()
    nodes = load_sample(scene)
    volumes = [volume_from_node(node) for node in nodes]
    assert [(volume.modality, volume.unit) for volume in volumes] == [("CT", "HU"), ("MR", ""), ("PET", "SUV")]
    assert [node.GetName() for node in nodes] == ["STS_012 CT", "STS_012 MR T1", "STS_012 PET SUV"]
    pet = sitk.ReadImage(str(resource("SampleData/STS_012_PET_SUV.nii.gz")))
    assert volumes[2].image.GetSize() == pet.GetSize()
    assert float(volumes[2].array.max()) == pytest.approx(float(sitk.GetArrayViewFromImage(pet).max()))


def test_the_names_of_the_sample_data_tell_the_modality() -> None:
    # Slicer's reader keeps nothing but the name.
    assert [modality_of(Path(f"/{sample.node}.nii.gz")) for sample in SAMPLES] == ["CT", "MR", "PET"]


@pytest.mark.parametrize("has_brain", [True, False])
def test_both_are_registered_with_check_sums_and_without_network(monkeypatch, has_brain: bool) -> None:
    registered: dict[str, dict[str, Any]] = {}
    brain = SimpleNamespace(uris=["https://example.org/ct"], fileNames=["CT-brain.nrrd"], nodeNames=["CTBrain"],
                            checksums=["SHA256:6a5b"])

    class SampleDataLogic:
        @staticmethod
        def registerCustomSampleDataSource(category="Custom", sampleName=None, **given):
            assert category == CATEGORY
            registered[sampleName] = given

        def sourceForSampleName(self, sampleName):
            return brain if has_brain and sampleName == "CTMRBrain" else None

    monkeypatch.setitem(sys.modules, "SampleData", SimpleNamespace(SampleDataLogic=SampleDataLogic))
    register_sample_data()
    patient = registered[PATIENT]
    assert [url2pathname(urlparse(uri).path) for uri in patient["uris"]] == [str(sample.path) for sample in SAMPLES]
    assert patient["checksums"] == [f"SHA256:{sample.sha256}" for sample in SAMPLES]
    assert (BRAIN in registered) is has_brain
    if has_brain:
        assert registered[BRAIN]["checksums"] == ["SHA256:6a5b"]
