"""Training a segmenter on made patients, segmenting one with it, by library and command, and what ships."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import phantom
import pytest
import SimpleITK as sitk

pytest.importorskip("torch")
pytest.importorskip("monai")

from MedFusionLib.cli import main
from MedFusionLib.errors import BadInput
from MedFusionLib.models import card_of, find
from MedFusionLib.models.card import ModelCard
from MedFusionLib.networks.segmenters import SEGMENTERS
from MedFusionLib.resources import resource
from MedFusionLib.segmentation import segment
from MedFusionLib.segmentation.score import dice
from MedFusionLib.training import TrainingRecipe, train
from MedFusionLib.training.segmentation.options import Options
from MedFusionLib.volume import Volume

_TUMOUR = 5
_TEST = {"STS_038", "STS_040", "STS_042", "STS_043", "STS_048"}


def _patients(root: Path) -> None:
    """Three phantoms, unlike in noise, as a collection of patients."""
    for number, name in enumerate(("one", "two", "three")):
        folder = root / "cases" / name
        folder.mkdir(parents=True)
        for modality in ("CT", "PET", "MR"):
            phantom.volume(modality, noise=0.02, seed=number).write(folder / f"{modality}.nii.gz")
        mask = phantom.volume("CT").like((phantom.labels() == _TUMOUR).astype(np.uint8))
        mask.write(folder / "mask.nii.gz")


def _recipe(**changes: object) -> TrainingRecipe:
    data = {"name": "made", "cases": "cases", "volumes": ["CT.nii.gz", "PET.nii.gz", "MR.nii.gz"],
            "validation": ["three"]}
    given = {"network": "unet_segmentation", "data": [data], "patch": 48, "batch": 4, "steps": 80, "warm_up": 5,
             "learning_rate": 1e-2, "validate_every": 40, "validate_on": 6, "seed": 1, "store": "half",
             "step": {"mask": "mask.nii.gz", "shares": [1.0]}, **changes}
    return TrainingRecipe.from_dict(given)


@pytest.mark.slow
def test_a_segmenter_trained_on_phantoms_outlines_the_tumour_of_another(tmp_path: Path, verdict: object) -> None:
    _patients(tmp_path)
    trained = train(_recipe(), tmp_path, tmp_path / "out", device="cpu")
    lost = [entry["validation"]["loss"] for entry in trained.history]
    assert lost[-1] < 0.7 * lost[0]
    said = trained.card.figures["validation_dice"]
    assert trained.card.splits == {"training": ("one", "two"), "validation": ("three",), "test": ()}
    # A PET first, on a grid of another order, and the volumes in another order than in training.
    volumes = [Volume.read(tmp_path / "cases" / "three" / f"{name}.nii.gz") for name in ("PET", "MR", "CT")]
    turned = replace(volumes[0], image=sitk.DICOMOrient(volumes[0].image, "RSP"))
    made = segment([turned, *volumes[1:]], "unet_segmentation", weights=trained.weights)
    assert made.labels.image.GetSize() == turned.image.GetSize()
    truth = sitk.DICOMOrient(Volume.read(tmp_path / "cases" / "three" / "mask.nii.gz", modality="unknown").image, "RSP")
    found = dice(made.labels.array, sitk.GetArrayFromImage(truth))
    assert found > 0.8
    assert found == pytest.approx(said["patients"]["three"], abs=0.02)
    assert set(np.unique(made.labels.array)) == {0, 1}
    assert made.millilitres == pytest.approx(float(made.labels.array.sum()) * 16.0 / 1000.0)


@pytest.mark.parametrize(("changes", "word"), [
    ({"step": {"shares": [1.0]}}, "mask"),
    ({"step": {"mask": "mask.nii.gz", "shares": [1.0], "colour": 1}}, "colour"),
    ({"losses": {"ssim": 1.0}}, "losses"),
    ({"step": {"mask": "none.nii.gz", "shares": [1.0]}}, "none.nii.gz"),
])
def test_a_recipe_that_cannot_work_is_refused_with_its_field(
    tmp_path: Path, changes: dict[str, object], word: str
) -> None:
    _patients(tmp_path)
    with pytest.raises(BadInput, match=word):
        train(_recipe(**changes), tmp_path, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out" / "checkpoint.safetensors").exists()


@pytest.mark.parametrize("name", SEGMENTERS)
def test_the_shipped_recipe_keeps_the_test_patients_apart(name: str) -> None:
    recipe = TrainingRecipe.read(resource(f"Training/{name}.json"))
    data = recipe.data[0]
    assert recipe.network == name
    assert set(data.test) == _TEST
    assert not _TEST & {*data.train, *data.validation}
    assert len(data.validation) == 5
    assert Options.of(recipe).mask == "CT_mask.nii.gz"


@pytest.mark.parametrize("arguments", [["--output", "mask.png"], ["--output", "mask.nii.gz", "--device", "cuda"]])
def test_the_command_refuses_what_cannot_work_in_one_line(
    tmp_path: Path, patient_files: list[Path], capsys: pytest.CaptureFixture[str], verdict: object,
    arguments: list[str],
) -> None:
    placed = [str(tmp_path / entry) if entry.startswith("mask") else entry for entry in arguments]
    assert main(["segment", *map(str, patient_files), *placed]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not list(tmp_path.glob("mask*"))


def test_two_ct_volumes_are_refused(patient_files: list[Path]) -> None:
    volumes = [Volume.read(file, modality="CT") for file in (patient_files[0], patient_files[0], patient_files[1])]
    with pytest.raises(BadInput, match="CT, CT, CT"):
        segment(volumes)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEGMENTERS)
def test_the_shipped_segmenter_outlines_the_bundled_patient(tmp_path: Path, verdict: object, name: str) -> None:
    weights = find(name)
    assert weights is not None
    card = ModelCard.read(card_of(weights))
    # The bundled patient is one of validation, so it was never learned from.
    assert "STS_012" in card.splits["validation"]
    assert not _TEST & {*card.splits["training"], *card.splits["validation"]}
    files = [str(resource(f"SampleData/STS_012_{kind}.nii.gz")) for kind in ("CT", "PET_SUV", "MR_T1")]
    output = tmp_path / "mask.nii.gz"
    assert main(["segment", *files, "--output", str(output), "--network", name, "--progress", "none"]) == 0
    ct = Volume.read(files[0])
    found, truth = (Volume.read_mask(file, on=ct) for file in (output, resource("SampleData/STS_012_tumour.nii.gz")))
    said = json.loads(card_of(weights).read_text(encoding="utf-8"))["figures"]["validation_dice"]["patients"]
    assert dice(found.array, truth.array) == pytest.approx(said["STS_012"], abs=0.02)


def test_both_segmenters_together_take_at_most_six_megabytes() -> None:
    files = [find(name) for name in SEGMENTERS]
    assert all(files)
    assert sum(file.stat().st_size for file in files if file) < 6e6
