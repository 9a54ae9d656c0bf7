"""register() as users call it: found, judged, refused, cancelled."""

from dataclasses import replace

import numpy as np
import phantom
import pytest
import SimpleITK as sitk

from MedFusionLib.errors import BadInput, Cancelled
from MedFusionLib.registration import RegistrationSettings, register
from MedFusionLib.registration.transforms import apply, sample_points
from MedFusionLib.volume import Volume


def _moved(volume, motion):
    """``volume`` moved by its header alone."""
    image = sitk.Image(volume.image)
    turn = np.array(motion.GetMatrix()).reshape(3, 3)
    image.SetOrigin(motion.TransformPoint(image.GetOrigin()))
    image.SetDirection((turn @ np.array(image.GetDirection()).reshape(3, 3)).ravel().tolist())
    return replace(volume, image=image)


def _motion(volume):
    motion = sitk.Euler3DTransform()
    motion.SetCenter(
        volume.image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in volume.image.GetSize()])
    )
    motion.SetRotation(0.08, -0.05, 0.1)
    motion.SetTranslation((6.0, -5.0, 4.0))
    return motion


@pytest.fixture(scope="module")
def ct():
    return phantom.volume("CT")


@pytest.fixture(scope="module")
def mr():
    return phantom.volume("MR", seed=1)


@pytest.mark.slow
def test_auto_finds_a_known_motion_accepts_it_and_gives_the_same_bytes_twice(ct, mr):
    motion = _motion(mr)
    first, second = register(ct, _moved(mr, motion)), register(ct, _moved(mr, motion))
    points = sample_points(ct, phantom.labels() > 0)
    error = np.linalg.norm(apply(first.transform, points) - apply(motion, points), axis=1)
    assert np.median(error) < 0.5
    assert first.verdict.decision == "accept", first.verdict.reasons
    assert first.transform.GetParameters() == second.transform.GetParameters()
    assert first.verdict.evidence["rotation_deg"] == pytest.approx(np.degrees(0.137), abs=2)


@pytest.mark.slow
def test_a_mirrored_patient_is_rejected_and_the_reason_names_the_flip(ct, mr):
    mirrored = mr.like(np.flip(mr.array, 2))
    verdict = register(ct, mirrored).verdict
    assert verdict.decision == "reject"
    assert any("flip" in reason or "apart" in reason for reason in verdict.reasons)


@pytest.mark.slow
def test_volumes_left_where_they_do_not_fit_are_rejected(ct, mr):
    far = _moved(mr, sitk.Euler3DTransform((0, 0, 0), 0, 0, 0, (0, 0, 2000)))
    registration = register(ct, far, RegistrationSettings(method="none"))
    assert registration.verdict.decision == "reject"
    assert registration.verdict.evidence["overlap_fraction"] == 0


@pytest.mark.slow
def test_a_shared_frame_of_reference_is_trusted_only_when_the_settings_say_so(ct, mr):
    fixed, moving = (replace(volume, frame_of_reference="1.2.3") for volume in (ct, mr))
    registration = register(fixed, moving, RegistrationSettings(trust_frame_of_reference=True))
    assert registration.engine == "none"
    np.testing.assert_array_equal(registration.transform.TransformPoint((1.0, 2.0, 3.0)), (1.0, 2.0, 3.0))
    assert "frame of reference" in " ".join(registration.notes)


@pytest.mark.slow
def test_a_richer_transform_starts_from_the_search_and_is_kept_only_if_it_is_better(ct, mr):
    registration = register(ct, _moved(mr, _motion(mr)), RegistrationSettings(transform="affine"))
    assert registration.engine in ("search", "elastix", "brainsfit", "simpleitk")
    assert any("similarity" in note for note in registration.notes)
    assert registration.verdict.decision != "reject", registration.verdict.reasons


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (RegistrationSettings(method="magic"), "magic"),
        (RegistrationSettings(method="brainsfit", executable="/nowhere/BRAINSFit"), "not available"),
        (RegistrationSettings(initial="nowhere.h5"), "nowhere.h5"),
        (RegistrationSettings(fixed_mask="nowhere.nii.gz"), "nowhere"),
        (RegistrationSettings(landmarks="nowhere.csv"), "nowhere"),
        (RegistrationSettings(method="landmarks"), "landmarks"),
    ],
)
def test_what_cannot_succeed_is_refused_with_the_value(ct, mr, settings, words):
    with pytest.raises(BadInput, match=words):
        register(ct, mr, settings)


def test_pictures_are_refused():
    picture = Volume.from_array(np.arange(100, dtype=np.uint8).reshape(10, 10))
    with pytest.raises(BadInput, match="picture"):
        register(picture, picture)


def test_cancel_is_heard_within_the_first_steps(ct, mr):
    def cancel(stage, fraction, message=""):
        raise Cancelled()

    with pytest.raises(Cancelled):
        register(ct, mr, progress=cancel)
