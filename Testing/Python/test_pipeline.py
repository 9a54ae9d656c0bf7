"""The main job on the phantom: what goes in comes out aligned, fused, measured and recorded."""

import json

import numpy as np
import phantom
import pytest

from MedFusionLib import Recipe, Volume, run
from MedFusionLib.errors import BadInput, Cancelled, RegistrationRejected


def test_two_grey_volumes_give_a_grey_volume_on_the_fixed_grid(patient, verdict):
    ct, mr, _ = patient
    result = run([ct, mr], Recipe(method="maximum"))
    assert result.fused.image.GetSize() == ct.image.GetSize()
    assert result.fused.image.GetOrigin() == ct.image.GetOrigin()
    assert not result.fused.is_colour
    expected = np.maximum(result.windows[0].apply(ct.array), result.windows[1].apply(mr.array))
    np.testing.assert_allclose(result.fused.array, expected, atol=1e-6)


def test_a_functional_source_gives_colour_where_it_is_hot_and_none_where_it_is_cold(patient, verdict):
    ct, _, pet = patient
    result = run([ct, pet], Recipe(method="average", windows={"PET": "SUV 0-10"}))
    colours = result.fused.array.astype(int)
    spread = colours.max(axis=-1) - colours.min(axis=-1)
    tissue = phantom.labels()
    assert np.median(spread[tissue == 5]) > 60
    assert np.median(spread[tissue == 5]) > 3 * np.median(spread[tissue == 2])
    assert np.median(spread[tissue == 0]) <= 1
    assert result.metrics["hue_error"] < 5


def test_each_combination_of_the_recipe_is_fused_from_one_alignment(patient, verdict):
    result = run(patient, Recipe(method="average", combinations=((0, 1), (0, 2), (0, 1, 2))))
    assert [fusion.name for fusion in result.fusions] == ["CT + MR", "CT + PET", "CT + MR + PET"]
    assert [fusion.volume.is_colour for fusion in result.fusions] == [False, True, True]
    assert result.fused is result.fusions[-1].volume


def test_two_runs_of_one_recipe_give_the_same_bytes(patient, verdict):
    recipe = Recipe(method="laplacian")
    first, second = run(patient, recipe), run(patient, recipe)
    assert first.fused.array.tobytes() == second.fused.array.tobytes()
    assert first.record.fusions[0]["voxels_sha256"] == second.record.fusions[0]["voxels_sha256"]


def test_outside_a_smaller_field_of_view_the_other_source_is_used(patient, verdict):
    ct, mr, _ = patient
    part = Volume(mr.image[10:38, 12:32, 4:20], "MR", "MR")
    result = run([ct, part], Recipe(method="average"))
    outside = ~result.validity[1]
    assert outside.any()
    np.testing.assert_allclose(result.fused.array[outside], result.windows[0].apply(ct.array)[outside], atol=1e-6)


def test_a_rejected_registration_stops_the_run_and_says_why(patient, verdict):
    verdict("reject", "left-right flip suspected")
    with pytest.raises(RegistrationRejected, match="flip suspected"):
        run(patient[:2])


def test_a_rejected_registration_goes_on_when_the_recipe_says_so_and_the_record_tells(patient, verdict):
    verdict("reject", "left-right flip suspected")
    result = run(patient[:2], Recipe(method="average", on_rejection="continue"))
    assert "REJECTED" in result.record.notes[0]
    assert result.record.registrations[0]["decision"] == "reject"


def test_the_record_is_json_and_enough_to_run_again(patient, verdict):
    recipe = Recipe(method="laplacian", windows={"CT": "bone"})
    record = json.loads(run(patient[:2], recipe).record.to_json())
    assert [volume["name"] for volume in record["inputs"]] == ["CT", "MR"]
    assert record["recipe"]["parameters"]
    again = run(patient[:2], Recipe.from_dict(record["recipe"]))
    assert again.record.fusions[0]["voxels_sha256"] == record["fusions"][0]["voxels_sha256"]


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(method="magic"), "magic"),
        (Recipe(combinations=((0, 7),)), "positions from 0 to 1"),
        (Recipe(combinations=((1, 1),)), "different"),
        (Recipe(combinations=((0, -1),)), "positions from 0 to 1"),
        (Recipe(windows={"CT": "teeth"}), "teeth"),
        (Recipe(colour_maps={"MR": "pink"}), "pink"),
        (Recipe(method="laplacian", parameters={"levels": 99}), "levels"),
        (Recipe(plane="diagonal"), "diagonal"),
    ],
)
def test_what_cannot_succeed_is_refused_before_registration(patient, monkeypatch, recipe, words):
    def never(*arguments, **options):
        raise AssertionError("heavy work was started")

    monkeypatch.setattr("MedFusionLib.registration.register", never)
    with pytest.raises(BadInput, match=words):
        run(patient[:2], recipe)


@pytest.mark.parametrize(("value", "words"), [(0.0, "blank is constant: every voxel is 0"), (np.nan, "blank holds 1")])
def test_a_volume_made_in_memory_is_checked_as_one_that_was_read(patient, value, words):
    array = np.full(patient[0].array.shape, 0.0 if np.isfinite(value) else 1.0, np.float32)
    array[0, 0, 0] = value
    with pytest.raises(BadInput, match=words):
        run([patient[0], Volume.from_array(array, modality="PET", name="blank")])


def test_cancel_passes_through_at_every_stage(patient, verdict):
    stages = set()

    def note(stage, fraction, message=""):
        stages.add(stage)

    run(patient[:2], Recipe(), note)
    assert stages >= {"register", "fuse", "measure"}
    for stop in stages:

        def cancel(stage, fraction, message="", stop=stop):
            if stage == stop:
                raise Cancelled()

        with pytest.raises(Cancelled):
            run(patient[:2], Recipe(), cancel)


def test_pictures_are_taken_as_registered_and_an_engine_is_refused():
    pictures = [
        Volume.from_array(np.random.default_rng(seed).integers(0, 256, (30, 40), dtype=np.uint8), name=f"p{seed}")
        for seed in range(2)
    ]
    result = run(pictures, Recipe(method="maximum"))
    expected = np.maximum(*(picture.array for picture in pictures)) / 255
    np.testing.assert_allclose(result.fused.array, expected, atol=1e-6)
    with pytest.raises(BadInput, match="elastix"):
        run(pictures, Recipe(registration="elastix"))
