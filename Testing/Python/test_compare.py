"""Several methods on one alignment: each gives what it gives alone, under a name that tells it."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib import Recipe, run
from MedFusionLib.cli import main
from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog
from MedFusionLib.pipeline import compare, fitting_methods, methods_named

METHODS = ["average", "maximum", "laplacian"]


def test_each_method_gives_the_voxels_and_figures_it_gives_alone(patient, verdict):
    result = compare(patient[:2], METHODS, Recipe())
    assert [fusion.method for fusion in result.fusions] == METHODS
    for fusion in result.fusions:
        alone = run(patient[:2], Recipe(method=fusion.method))
        np.testing.assert_array_equal(fusion.volume.array, alone.fused.array)
        assert fusion.metrics == alone.metrics


def test_the_volumes_are_aligned_once(patient, monkeypatch, verdict):
    import MedFusionLib.registration as registration

    calls, chosen = [], registration.register
    monkeypatch.setattr(
        registration, "register", lambda *given, **options: calls.append(given) or chosen(*given, **options)
    )
    compare(patient, METHODS, Recipe())
    assert len(calls) == 2


def test_every_method_fuses_every_combination(patient, verdict):
    result = compare(patient, METHODS[:2], Recipe(combinations=((0, 1), (0, 1, 2))))
    assert [(fusion.method, fusion.name) for fusion in result.fusions] == [
        ("average", "CT + MR"), ("average", "CT + MR + PET"), ("maximum", "CT + MR"), ("maximum", "CT + MR + PET"),
    ]
    assert len({fusion.volume.name for fusion in result.fusions}) == 4


def test_parameters_are_for_the_recipes_own_method_and_the_record_tells_each_ones(patient, verdict):
    recipe = Recipe(method="laplacian", parameters={"levels": 2})
    record = compare(patient[:2], METHODS, recipe).record
    told = {entry["method"]: entry["parameters"] for entry in record.fusions}
    assert told["laplacian"]["levels"] == 2
    assert told["average"] == catalog.card("average").settle({})
    again = run(patient[:2], Recipe.from_dict(record.recipe))
    assert again.record.fusions[0]["voxels_sha256"] == record.fusions[2]["voxels_sha256"]


def test_what_one_method_cannot_do_is_refused_before_registration(patient, monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("heavy work was started")

    monkeypatch.setattr("MedFusionLib.registration.register", never)
    with pytest.raises(BadInput, match="magic"):
        compare(patient[:2], ["average", "magic"])
    with pytest.raises(BadInput, match="no method"):
        compare(patient[:2], [])


def test_the_fitting_methods_are_those_of_the_catalog_that_take_so_many_sources():
    assert set(fitting_methods(2)) <= set(catalog.names())
    assert {"average", "maximum", "laplacian"} <= set(fitting_methods(3))
    assert fitting_methods(1) == ()


def test_all_methods_are_those_for_the_dimension_and_the_plane(monkeypatch):
    flat = replace(catalog.card("maximum"), name="flat", dimensions=(2,))
    deep = replace(flat, name="deep", dimensions=(3,))
    untrained = replace(flat, name="untrained", trained=False)
    monkeypatch.setattr(catalog, "cards", lambda: (flat, deep, untrained))
    assert methods_named("all", 2, dimension=2) == ("flat",)
    assert methods_named("all", 2) == ("flat", "deep")
    assert methods_named("all", 2, plane="volume") == ("deep",)
    assert methods_named("all", 2, plane="sagittal") == ("flat",)
    assert methods_named("untrained, deep,", 2, dimension=2) == ("untrained", "deep")


def test_the_command_line_writes_a_volume_and_a_row_for_each_method(patient_files, tmp_path, verdict):
    files = [str(file) for file in patient_files[:2]]
    options = ["--output", str(tmp_path / "out"), "--plain", "--progress", "none"]
    assert main(["compare", *files, "--methods", "average, maximum", *options]) == 0
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"aligned_MR.nii.gz", "fused_CT+MR_average.nii.gz", "fused_CT+MR_maximum.nii.gz", "metrics.csv",
                     "record.json", "transform_MR.h5"}
    with (tmp_path / "out" / "metrics.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["method"] for row in rows] == ["average", "maximum"]
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert main(["fuse", *files, "--method", "maximum", "--output", str(tmp_path / "one"), *options[2:]]) == 0
    alone = sitk.ReadImage(str(tmp_path / "one" / "fused_CT+MR.nii.gz"))
    compared = sitk.ReadImage(str(tmp_path / "out" / "fused_CT+MR_maximum.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(compared), sitk.GetArrayFromImage(alone))
    assert record["fusions"][1]["method"] == "maximum"
