"""The bundled patient, and Slicer's own CT-MR pair, in the Sample Data module and for the first try."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from MedFusionLib.scene.mrml import Node, Scene

CATEGORY = "MedFusion"
PATIENT = "PET/CT/MR of a thigh"
BRAIN = "CT/MR of a brain"
# What Slicer calls its pair; its addresses and check sums are taken from there.
SLICERS_BRAIN = "CTMRBrain"


@dataclass(frozen=True)
class Sample:
    """One file of the bundled patient, with the name of its node."""

    file: str
    node: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies; raises ``BadInput`` when the installation lacks it."""
        from MedFusionLib.resources import resource

        return resource(f"SampleData/{self.file}")


SAMPLES = (
    Sample("STS_012_CT.nii.gz", "STS_012 CT",
           "90ce11d4d41fae192a910ce1238593a107082dda7f1d84d6f27922c470a12ef9"),
    Sample("STS_012_MR_T1.nii.gz", "STS_012 MR T1",
           "7f38ae4d9434d394303418d0af1fb8afe6ba5b9e3a71bebb71f27a61873f7866"),
    Sample("STS_012_PET_SUV.nii.gz", "STS_012 PET SUV",
           "937694677f4b5f658d4c7013f844ef497c08212461a8e11164c6c3d24443cb6b"),
)


def load_sample(scene: Scene) -> tuple[Node, Node, Node]:
    """New nodes of ``scene`` with the bundled patient's CT (HU), MR (T1) and PET (SUV); nothing is downloaded."""
    from MedFusionLib.reading import read
    from MedFusionLib.scene.nodes import node_from_volume

    ct, mr, pet = (node_from_volume(scene, read(sample.path), sample.node) for sample in SAMPLES)
    return ct, mr, pet


def register_sample_data() -> None:
    """Offer both in Slicer's Sample Data module; called once, when the application has started up."""
    logic = import_module("SampleData").SampleDataLogic()
    logic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=PATIENT,
        uris=[sample.path.as_uri() for sample in SAMPLES],
        fileNames=[sample.file for sample in SAMPLES],
        nodeNames=[sample.node for sample in SAMPLES],
        checksums=[f"SHA256:{sample.sha256}" for sample in SAMPLES],
    )
    brain = logic.sourceForSampleName(SLICERS_BRAIN)
    if brain is not None:
        logic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=BRAIN,
            uris=brain.uris,
            fileNames=brain.fileNames,
            nodeNames=brain.nodeNames,
            checksums=brain.checksums,
        )
