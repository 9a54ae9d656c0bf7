"""Makers of bad volume files: each writes one into a folder and returns its path."""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

SIZE = (40, 30, 20)


def voxels(seed: int = 0) -> np.ndarray:
    """Noise, float32, indexed (z, y, x)."""
    return np.random.default_rng(seed).normal(size=SIZE[::-1]).astype(np.float32)


def good(folder: Path, name: str = "good.nii.gz", seed: int = 0) -> Path:
    """A volume that nothing is wrong with."""
    return save(folder, name, sitk.GetImageFromArray(voxels(seed)))


def good_pair(folder: Path) -> list[str]:
    """Two of them."""
    return [str(good(folder)), str(good(folder, "other.nii.gz", 1))]


def save(folder: Path, name: str, image: sitk.Image) -> Path:
    """Write ``image`` without MedFusion."""
    sitk.WriteImage(image, str(folder / name))
    return folder / name


def content(folder: Path, name: str, data: bytes) -> Path:
    """A file that holds ``data``."""
    (folder / name).write_bytes(data)
    return folder / name


def picture(folder: Path, name: str, side: int = 64) -> Path:
    """A grey picture with texture."""
    noise = np.random.default_rng(2).integers(0, 255, (side, side), dtype=np.uint8)
    return save(folder, name, sitk.GetImageFromArray(noise))


def symlink_loop(folder: Path) -> Path:
    """A link to itself."""
    (folder / "loop.nii").symlink_to(folder / "loop.nii")
    return folder / "loop.nii"


def broken_symlink(folder: Path) -> Path:
    """A link to nothing."""
    (folder / "broken.nii").symlink_to(folder / "nothing.nii")
    return folder / "broken.nii"


def device_link(folder: Path) -> Path:
    """A link to a device that never ends."""
    (folder / "zero.nii").symlink_to("/dev/zero")
    return folder / "zero.nii"


def pipe(folder: Path) -> Path:
    """A pipe that nobody writes to: opening it would wait for ever."""
    os.mkfifo(folder / "pipe.nii")
    return folder / "pipe.nii"


def folder_of(folder: Path, *names: str) -> Path:
    """A folder with text files called ``names``."""
    (folder / "inside").mkdir()
    for name in names:
        content(folder / "inside", name, b"hello\n")
    return folder / "inside"


def renamed_picture(folder: Path, name: str) -> Path:
    """A PNG under another name."""
    return picture(folder, "picture.png").rename(folder / name)


def packed_text(folder: Path) -> Path:
    """Text, compressed, called NIfTI."""
    return content(folder, "bad.nii.gz", gzip.compress(b"hello world\n" * 50))


def packed_called_plain(folder: Path) -> Path:
    """A compressed NIfTI file whose name does not say so."""
    return good(folder, "bad.nii.gz").rename(folder / "bad.nii")


def noise(folder: Path) -> Path:
    """Random bytes."""
    return content(folder, "bad.nii", np.random.default_rng(0).bytes(100_000))


def nifti_2(folder: Path) -> Path:
    """The first bytes of a NIfTI-2 header."""
    return content(folder, "bad.nii", struct.pack("<i8s", 540, b"n+2\0\r\n\x1a\n") + bytes(100_000))


def cut(folder: Path, suffix: str, length: int | None = None) -> Path:
    """A good file, of which only the first ``length`` bytes are kept (default: half)."""
    path = picture(folder, "bad" + suffix) if suffix in (".png", ".jpg", ".tif") else good(folder, "bad" + suffix)
    data = path.read_bytes()
    return content(folder, path.name, data[:length or len(data) // 2])


def two_pictures(suffix: str) -> Callable[[Path], list[str]]:
    """A good picture and one that is cut in half."""
    return lambda folder: [str(picture(folder, "good.png")), str(cut(folder, suffix))]


def flipped(folder: Path) -> Path:
    """A compressed file with one wrong byte in the middle."""
    data = bytearray(good(folder, "bad.nii.gz").read_bytes())
    data[len(data) // 2] ^= 0x55
    return content(folder, "bad.nii.gz", bytes(data))


def detached(folder: Path, suffix: str, data_file: str) -> Path:
    """A header whose data file is ``data_file``."""
    path = good(folder, "bad" + suffix)
    return content(folder, path.name, path.read_bytes().replace(b"bad.raw", data_file.encode()))


def nifti(folder: Path, offset: int, kind: str, *values: float) -> Path:
    """A NIfTI file with ``values`` (struct format ``kind``) at a place of its header."""
    data = bytearray(good(folder, "bad.nii").read_bytes())
    struct.pack_into("<" + kind, data, offset, *values)
    return content(folder, "bad.nii", bytes(data))


def sform(folder: Path, *rows: tuple[float, float, float, float]) -> Path:
    """A NIfTI file placed by ``sform`` alone."""
    nifti(folder, 252, "2h", 0, 1)
    data = bytearray((folder / "bad.nii").read_bytes())
    struct.pack_into("<12f", data, 280, *(value for row in rows for value in row))
    return content(folder, "bad.nii", bytes(data))


def nrrd(folder: Path, old: str, new: str) -> Path:
    """An NRRD file with a changed header."""
    return _replaced(good(folder, "bad.nrrd"), old, new)


def mha(folder: Path, old: str, new: str) -> Path:
    """A MetaImage file with a changed header."""
    return _replaced(good(folder, "bad.mha"), old, new)


def _replaced(path: Path, old: str, new: str) -> Path:
    data = path.read_bytes()
    assert old.encode() in data, f"{old} is not in the header"
    path.write_bytes(data.replace(old.encode(), new.encode(), 1))
    return path


def four_d(folder: Path) -> Path:
    """Two frames."""
    return save(folder, "bad.nii.gz", sitk.JoinSeries([sitk.GetImageFromArray(voxels(n)) for n in (0, 1)]))


def vector(folder: Path, components: int) -> Path:
    """Float vectors."""
    parts = [sitk.GetImageFromArray(voxels(n)) for n in range(components)]
    return save(folder, "bad.nrrd", sitk.Compose(parts))


def complex_voxels(folder: Path) -> Path:
    """Complex numbers."""
    parts = [sitk.GetImageFromArray(voxels(n)) for n in (0, 1)]
    return save(folder, "bad.nii.gz", sitk.RealAndImaginaryToComplex(*parts))


def constant(folder: Path) -> Path:
    """Every voxel 7."""
    return save(folder, "bad.nii.gz", sitk.GetImageFromArray(np.full(SIZE[::-1], 7, np.int16)))


def with_value(folder: Path, value: float) -> Path:
    """One voxel of ``value``."""
    array = voxels()
    array[3, 4, 5] = value
    return save(folder, "bad.nii.gz", sitk.GetImageFromArray(array))


def linked_twice(folder: Path) -> list[str]:
    """A file and a link to it."""
    path = good(folder)
    (folder / "link.nii.gz").symlink_to(path)
    return [str(path), str(folder / "link.nii.gz")]


def masked_elsewhere(folder: Path) -> list[str]:
    """A mask of another size."""
    mask = save(folder, "mask.nii.gz", sitk.GetImageFromArray(np.ones((10, 10, 10), np.uint8)))
    return [*good_pair(folder), "--fixed-mask", str(mask)]


def masked_empty(folder: Path) -> list[str]:
    """A mask of zeros."""
    mask = save(folder, "mask.nii.gz", sitk.GetImageFromArray(np.zeros(SIZE[::-1], np.uint8)))
    return [*good_pair(folder), "--fixed-mask", str(mask)]
