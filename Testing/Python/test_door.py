"""The door for volumes made in memory, for several together, and for masks; and files no case can make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from MedFusionLib import door, files
from MedFusionLib.errors import BadInput
from MedFusionLib.headers import in_one_line
from MedFusionLib.quiet import quiet
from MedFusionLib.volume import Volume


def volume(name: str = "a", shape: tuple[int, ...] = (6, 7, 8), **changes: Any) -> Volume:
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return Volume.from_array(array, name=name, **changes)


def test_a_good_volume_passes() -> None:
    volume().check()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_non_finite_voxels_are_counted(value: float) -> None:
    array = np.array(volume().array)
    array[0, 0, :3] = value
    with pytest.raises(BadInput, match="3 voxels of 336"):
        volume().like(array).check()


def test_a_constant_volume_is_refused_with_its_value() -> None:
    with pytest.raises(BadInput, match="every voxel is 4"):
        Volume.from_array(np.full((3, 3, 3), 4)).check()


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (sitk.Image([4, 4, 1], sitk.sitkFloat32), "single slice"),
        (sitk.Image([4, 4, 0], sitk.sitkFloat32), "empty"),
        (sitk.Image([4, 4, 4], sitk.sitkComplexFloat32), "complex"),
        (sitk.Image([4, 4, 4], sitk.sitkVectorFloat32, 5), "5 components"),
        (sitk.Image([4, 4, 4, 4], sitk.sitkFloat32), "4-D"),
    ],
)
def test_an_image_made_in_memory_is_looked_at_too(image: sitk.Image, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        Volume(image).check()


def test_an_unknown_modality_is_refused() -> None:
    with pytest.raises(BadInput, match="XRAY"):
        Volume(volume().image, modality="XRAY").check()


def test_a_colour_volume_passes() -> None:
    Volume.from_array(np.random.default_rng(0).integers(0, 255, (4, 5, 6, 3), dtype=np.uint8)).check()


def test_sources_get_unique_names_and_keep_their_order() -> None:
    checked = door.check_sources([volume("ct"), volume("mr"), volume("ct")])
    assert [one.name for one in checked] == ["ct", "mr", "ct-2"]


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_sources_are_refused(count: int) -> None:
    with pytest.raises(BadInput, match=f"{count} source"):
        door.check_sources([volume()] * count)


def test_a_picture_and_a_volume_do_not_mix() -> None:
    with pytest.raises(BadInput, match="a is 3-D and b is 2-D"):
        door.check_sources([volume(), volume("b", (7, 8))])


def test_volumes_of_another_scale_are_no_patient() -> None:
    with pytest.raises(BadInput, match=r"8 mm long and b 0\.008 mm"):
        door.check_sources([volume(), volume("b", spacing=(0.001, 0.001, 0.001))])


def test_two_frames_of_one_file_are_two_sources(tmp_path: Path) -> None:
    both = sitk.JoinSeries([volume().image, volume().image * 2])
    sitk.WriteImage(both, str(tmp_path / "a.nii.gz"))
    frames = [Volume.read(f"{tmp_path / 'a.nii.gz'}#{frame}") for frame in (0, 1)]
    assert len(door.check_sources(frames)) == 2


def test_a_mask_on_its_volumes_grid_passes() -> None:
    on = volume(spacing=(1.0, 2.0, 3.0), origin=(5.0, 6.0, 7.0))
    door.check_mask(on.like(np.ones((6, 7, 8), np.uint8)), on)


@pytest.mark.parametrize(
    ("mask", "word"),
    [
        (np.zeros((6, 7, 8), np.uint8), "336 voxels are 0"),
        (np.ones((6, 7, 9), np.uint8), "9 x 7 x 6 voxels, its volume 8 x 7 x 6"),
        (np.ones((6, 7, 8, 3), np.uint8), "colour"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(mask: np.ndarray, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        door.check_mask(Volume.from_array(mask, name="mask"), volume())


def test_a_mask_that_lies_elsewhere_is_refused_with_the_distance() -> None:
    mask = Volume.from_array(np.ones((6, 7, 8), np.uint8), origin=(0.0, 0.0, 2.5), name="mask")
    with pytest.raises(BadInput, match=r"differs by 2.5 mm"):
        door.check_mask(mask, volume())


def test_a_mask_is_read_even_where_it_is_constant(tmp_path: Path) -> None:
    on = volume()
    path = on.like(np.ones((6, 7, 8), np.uint8)).write(tmp_path / "mask.nii.gz")
    assert Volume.read_mask(path, on).array.all()


@pytest.mark.parametrize(("error", "word"), [(PermissionError(13, "no"), "permission"), (OSError(5, "I/O"), "I/O")])
def test_a_file_that_the_system_does_not_give_is_refused(
    error: OSError, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = volume().write(tmp_path / "a.nii")

    def refuse(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadInput, match=word):
        files.locate(path)


def test_more_voxels_than_memory_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "memory", lambda: 10**9)
    door.check_fits((600, 600, 600), 2, "a")
    with pytest.raises(BadInput, match=r"700 x 700 x 700 voxels, 1\.372 GB, and this machine has 1 GB"):
        door.check_fits((700, 700, 700), 2, "a")


def test_what_itk_says_becomes_one_line_without_addresses() -> None:
    said = "itk::ERROR: NrrdImageIO(0x5569a9955cb0):\n[nrrd] fread got only 3 things\n"
    line = str(in_one_line(said, Path("a.nrrd")))
    assert line.startswith("a.nrrd is truncated")
    assert not any(part in line for part in ("0x", "\n", "itk"))
    assert "cannot be read" in str(in_one_line("itk::ERROR: something new", Path("a.nrrd")))


def test_what_libraries_print_is_kept_from_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    import os

    with quiet() as whispers:
        os.write(2, b"complaint\n")
        os.write(1, b"chatter\n")
    os.write(2, b"after\n")
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "after\n")
    assert whispers.text == "complaint\nchatter\n"


@pytest.mark.parametrize(("count", "text"), [(12, "12 bytes"), (96000, "96 kB"), (108e12, "108 TB")])
def test_amounts_are_for_people(count: float, text: str) -> None:
    assert door.amount(count) == text
