"""Files before they are opened for good: do they exist, can they be read, and are they what they claim."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from MedFusionLib.errors import BadInput

#: What a file with this suffix must hold.
SUFFIXES: dict[str, str] = {
    ".nii.gz": "NIfTI", ".nii": "NIfTI",
    ".nrrd": "NRRD", ".nhdr": "NRRD",
    ".mha": "MetaImage", ".mhd": "MetaImage",
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG",
    ".tif": "TIFF", ".tiff": "TIFF",
    ".dcm": "DICOM", ".ima": "DICOM",
}
PICTURES = {"PNG", "JPEG", "TIFF"}

_MAGIC: tuple[tuple[str, int, bytes], ...] = (
    ("PNG", 0, b"\x89PNG"), ("JPEG", 0, b"\xff\xd8\xff"), ("TIFF", 0, b"II*\0"),
    ("TIFF", 0, b"MM\0*"), ("NRRD", 0, b"NRRD000"), ("DICOM", 128, b"DICM"),
    ("NIfTI", 344, b"n+1\0"), ("NIfTI-2", 4, b"n+2\0"), ("NIfTI pair", 344, b"ni1\0"),
    ("gzip", 0, b"\x1f\x8b"), ("zip archive", 0, b"PK\x03\x04"), ("PDF", 0, b"%PDF"), ("HDF5", 0, b"\x89HDF"),
)
_MENDS = {
    "NIfTI-2": "Save it as NIfTI-1 or NRRD",
    "NIfTI pair": "Save it as a single NIfTI-1 file",
    "HDF5": "Convert it to NIfTI or NRRD",
}
_OPEN_ERRORS = {
    errno.ENOENT: ("does not exist", "Check the path"),
    errno.ENOTDIR: ("does not exist: a part of its path is a file", "Check the path"),
    errno.EACCES: ("may not be read: permission denied", "Ask its owner for read permission, or copy it"),
    errno.EPERM: ("may not be read: permission denied", "Ask its owner for read permission, or copy it"),
    errno.ELOOP: ("is a symbolic link that leads back to itself", "Give the path of the file itself"),
    errno.ENAMETOOLONG: ("is too long a name", "Check the path"),
}


def locate(path: str | os.PathLike[str]) -> Path:
    """``path`` when it is a readable, non-empty regular file or a folder; raises ``BadInput`` otherwise.

    Never opens pipes or devices, so it cannot block.
    """
    text = os.fspath(path)
    if not text or "\0" in text:
        raise BadInput(f"{text!r} is no path", "Give the path of a file or of a DICOM folder")
    place = Path(text).expanduser()
    try:
        state = place.stat()
        if stat.S_ISDIR(state.st_mode):
            os.listdir(place)
            return place
        if not stat.S_ISREG(state.st_mode):
            raise BadInput(f"{place} is no regular file but a {_special(state.st_mode)}",
                           "Save the volume to a file and give that")
        with place.open("rb"):
            pass
    except OSError as error:
        what, mend = _OPEN_ERRORS.get(error.errno or 0, (f"cannot be read: {error.strerror}", "Check the path"))
        raise BadInput(f"{place} {what}", mend) from None
    if state.st_size == 0:
        raise BadInput(f"{place} is empty (0 bytes)", "Export or download it again")
    return place


def write_whole(place: Path, content: bytes) -> None:
    """Write a file that is complete or not there; one of the same name is replaced."""
    partial = place.with_name(f".{place.name}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, place)
    finally:
        partial.unlink(missing_ok=True)


def suffix_of(path: Path) -> str:
    """The suffix in lower case, ``.nii.gz`` in one piece."""
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else path.suffix.lower()


def format_of(path: Path) -> str:
    """The format of a file, by its suffix and its first bytes, which must agree; raises ``BadInput``."""
    suffix, content = suffix_of(path), content_of(path)
    expected = SUFFIXES.get(suffix)
    if expected is None:
        if content == "DICOM":
            return content
        raise BadInput(f"{path}: the suffix '{suffix}' is not supported",
                       f"Use {', '.join(SUFFIXES)} or a DICOM folder")
    if content == "gzip" and suffix == ".nii":
        raise BadInput(f"{path} is compressed although its name does not say so", "Rename it to end in .nii.gz")
    if content == expected or (suffix == ".nii.gz" and content == "gzip") \
            or (content == "binary data" and expected in ("NIfTI", "DICOM")):
        return expected
    raise BadInput(f"{path} is no {expected} file (its content: {content})",
                   _MENDS.get(content, "Give the right file, or rename it to its true format"))


def content_of(path: Path) -> str:
    """What the first bytes say the file holds, in words."""
    with path.open("rb") as file:
        start = file.read(4096)
    for kind, offset, magic in _MAGIC:
        if start[offset:offset + len(magic)] == magic:
            return kind
    if b"NDims" in start or b"ObjectType" in start:
        return "MetaImage"
    printable = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in start)
    return "text" if printable == len(start) else "binary data"


def _special(mode: int) -> str:
    names = ((stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"), (stat.S_ISCHR, "device"), (stat.S_ISBLK, "device"))
    return next((name for test, name in names if test(mode)), "special file")
