"""What tests of the whole job share: the phantom on disk, and a registration that takes no time."""

import os
import sys
from pathlib import Path

# Test processes run side by side; threads that wait for each other take longer than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).parent))

import phantom

from MedFusionLib.registration.settings import Registration, RegistrationSettings, Verdict


@pytest.fixture
def patient():
    """CT, MR and PET of the phantom."""
    return [phantom.volume(modality) for modality in ("CT", "MR", "PET")]


@pytest.fixture
def patient_files(tmp_path):
    """The phantom's volumes as NIfTI files."""
    folder = tmp_path / "patient"
    folder.mkdir()
    names = {"CT": "CT.nii.gz", "MR": "MR.nii.gz", "PET": "PET_SUV.nii.gz"}
    return [phantom.volume(modality).write(folder / name) for modality, name in names.items()]


@pytest.fixture
def verdict(monkeypatch):
    """Replaces the search by the identity with a verdict that the test chooses: ``verdict("reject", "no overlap")``."""

    def choose(decision="accept", *reasons):
        def register(fixed, moving, settings=None, **options):
            options["progress"]("register", 1.0, "chosen by the test")
            return Registration(
                sitk.Euler3DTransform(),
                "none",
                settings or RegistrationSettings(),
                Verdict(decision, reasons, {"overlap_fraction": 1.0}),
                0.1,
            )

        monkeypatch.setattr("MedFusionLib.registration.register", register)

    choose()
    return choose
