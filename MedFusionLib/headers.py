"""What a file's header promises, read through ITK without its voxels, and ITK's complaints in one line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedFusionLib.door import amount, check_fits, check_geometry, shape
from MedFusionLib.errors import BadInput
from MedFusionLib.files import locate
from MedFusionLib.quiet import quiet

_AGAIN = "Copy, download or export it again"
#: Deflate cannot pack better than 1032 to 1; a header that promises more than this is wrong.
_BEST_PACKING = 1100
#: One entry for each thing ITK says in many lines: a pattern in its message, what it means, the mend.
_MEANING: tuple[tuple[str, str, str], ...] = (
    (r"fread got only|data not read completely|expected \d+ bytes|Premature end|Read Error|Not enough data",
     "is truncated: its header promises more data than there is", _AGAIN),
    (r"couldn't open the first datafile|Cannot open data file",
     "names a data file that is not there", "Put the data file beside its header"),
    (r"couldn't parse|trouble parsing|Error parsing|MET_Read|hit end of header|magic",
     "has a damaged header", "Export it again from its source"),
    (r"determinant is 0", "has a singular direction matrix", "Correct the orientation in its header"),
    (r"[Bb]ad.?[Aa]lloc|allocate memory|length_error", "does not fit in memory", "Crop or resample it first"),
)
_DATA_FILE = re.compile(rb"^(?:ElementDataFile\s*=|data ?file:)\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Promise:
    """What a header says: size, spacing (mm), ITK's name of the voxel type, and channels per voxel."""

    size: tuple[int, ...]
    kind: str
    channels: int


def promised(reader: sitk.ImageFileReader, path: Path) -> Promise:
    """What the header of the reader's file says, once it can be true; raises ``BadInput``.

    ``reader`` is left ready to read the voxels.
    """
    data_file = _data_file(path)
    reader.SetFileName(str(path))
    try:
        with quiet() as whispers:
            reader.ReadImageInformation()
    except RuntimeError as error:
        raise in_one_line(f"{error}\n{whispers.text}", path) from None
    size = tuple(int(length) for length in reader.GetSize())
    kind = sitk.GetPixelIDValueAsString(reader.GetPixelIDValue())
    if min(size) < 1:
        raise BadInput(f"{path} is empty: its size is {shape(size)}", "Export it again from its source")
    bytes_per_voxel = reader.GetNumberOfComponents() * _bytes(kind)
    check_fits(size, bytes_per_voxel, str(path))
    needed = int(np.prod(size, dtype=object)) * bytes_per_voxel
    if data_file is not None and needed > _BEST_PACKING * data_file.stat().st_size:
        raise BadInput(f"{path} is truncated: its header promises {amount(needed)} ({shape(size)} voxels) and "
                       f"{data_file.name} has {amount(data_file.stat().st_size)}", _AGAIN)
    return Promise(size, kind, reader.GetNumberOfComponents())


def check_place(reader: sitk.ImageFileReader, path: Path) -> None:
    """Refuse a header whose spacing, origin or direction (of the first three axes) no volume can have."""
    axes = reader.GetDimension()
    shown = min(axes, 3)
    direction = np.reshape(reader.GetDirection(), (axes, axes))[:shown, :shown]
    check_geometry(reader.GetSpacing()[:shown], reader.GetOrigin()[:shown], direction.ravel().tolist(), str(path))


def check_complete(whispers: str, path: Path) -> None:
    """Raise ``BadInput`` when a library whispered that data were missing although it returned an image."""
    pattern, what, mend = _MEANING[0]
    if re.search(pattern, whispers):
        raise BadInput(f"{path} {what}", mend)


def in_one_line(text: str, path: Path) -> BadInput:
    """What ITK said, as one clear line without addresses, source files and line breaks."""
    for pattern, what, mend in _MEANING:
        if re.search(pattern, text):
            return BadInput(f"{path} {what}", mend)
    return BadInput(f"{path} cannot be read: it is truncated, damaged or not of the format its name says",
                    "Export or download it again, or convert it to NIfTI or NRRD")


def _data_file(path: Path) -> Path | None:
    """The file that holds the voxels, which must be a regular file too: a pipe would block, a device never end.

    None where the header names many files.
    """
    if path.suffix.lower() not in (".mhd", ".nhdr", ".mha", ".nrrd"):
        return path
    with path.open("rb") as file:
        found = _DATA_FILE.search(file.read(4096).split(b"\n\n")[0])
    name = found.group(1).decode(errors="replace") if found else "LOCAL"
    if name.upper() == "LOCAL":
        return path
    if name.split()[0].upper() == "LIST" or "%" in name:
        return None
    try:
        return locate(path.parent / name)
    except BadInput as error:
        raise BadInput(f"{path} names a data file that cannot be used: {error.what}",
                       "Put the data file beside its header") from None


def _bytes(kind: str) -> int:
    """Bytes of one component of a voxel type in ITK's words, such as "vector of 8-bit unsigned integer"."""
    bits = re.search(r"(\d+)-bit", kind)
    return max(1, int(bits.group(1)) // 8) * (2 if "complex" in kind else 1) if bits else 1
