"""Reading a DICOM series: find it in a folder, read it, and tell its unit.

ITK reads the headers and the voxels (rescale slope and intercept applied slice by slice).
Source: DICOM PS3.3 C.8.9.1 (PET series and units).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk

from MedFusionLib import door, enhanced
from MedFusionLib.errors import BadInput
from MedFusionLib.headers import in_one_line
from MedFusionLib.modality import MODALITIES
from MedFusionLib.naming import stem
from MedFusionLib.quiet import quiet
from MedFusionLib.slices import Slice, ordered
from MedFusionLib.volume import Volume

#: A folder with more files than this is no export of one patient's series.
_MOST_FILES = 10000
#: Modalities that are images to ITK but hold no anatomy to fuse.
_NO_SOURCE = {"SEG", "RTDOSE", "RTIMAGE", "RTSTRUCT", "REG", "SR", "PR", "KO"}
#: SOP classes without an image (RT structure and plan, SR, registration, presentation, PDF, directory).
_NO_IMAGE = tuple(b"1.2.840.10008." + uid for uid in (
    b"5.1.4.1.1.481.", b"5.1.4.1.1.88.", b"5.1.4.1.1.66", b"5.1.4.1.1.11.", b"5.1.4.1.1.104.", b"1.3.10"))
#: The tags that are looked at: units, modality, description, series, numbers, place, frame, rescale.
_TAGS = ("0054|1001", "0008|0060", "0008|103e", "0020|000e", "0020|0012", "0020|0013", "0020|0032", "0020|0037",
         "0020|0052", "0028|1052", "0028|1053")


def read(path: Path, series: str = "", frame: int | None = None) -> Volume:
    """The one image series of a folder, or a multi-frame file, as a volume not yet checked at the door.

    It is named after its series description. ``series`` is the SeriesInstanceUID (or its end) where a
    folder has several; ``frame`` chooses among several slices at each position (time points, echoes).
    Raises ``BadInput``.
    """
    slices = _choose(_scan(path), series, path) if path.is_dir() else _images([path])
    if not slices:
        raise BadInput(f"{path} holds no DICOM image", "Give a folder or file with CT, MR, PET or SPECT images")
    first = slices[0]
    image = _read_single(first) if len(slices) == 1 else _read_series(ordered(slices, frame, path), path)
    unit, image, notes = _unit(first, image)
    modality = next((entry.name for entry in MODALITIES.values() if first.modality in entry.dicom), "unknown")
    name = re.sub(r"[^\w+-]+", "_", first.tags.get("0008|103e", "")).strip("_") or stem(path)
    return Volume(image, modality, name, unit, path=path, notes=notes,
                  frame_of_reference=first.tags.get("0020|0052", ""))


def _scan(folder: Path) -> list[Slice]:
    """The image slices in ``folder``, or in its sub-folders when it holds none itself."""
    own = [file for file in sorted(folder.iterdir()) if _is_dicom(file)]
    if images := _images(own):
        return images
    files: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        files += [Path(place) / name for name in sorted(names)]
        if len(files) > _MOST_FILES:
            raise BadInput(f"{folder} holds more than {_MOST_FILES} files", "Give the folder of one series")
    found = [file for file in files if _is_dicom(file)]
    if not found:
        raise BadInput(f"{folder} holds no DICOM file ({len(files)} other files)",
                       "Give a DICOM folder, or the path of a volume's file")
    return _images(found)


def _images(paths: list[Path]) -> list[Slice]:
    slices = (_header(path) for path in paths)
    return [one for one in slices if one and one.modality not in _NO_SOURCE]


def _is_dicom(path: Path) -> bool:
    """True for a regular file with the DICOM mark; never opens a pipe or a device."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        raise BadInput(f"{path} may not be read", "Ask its owner for read permission, or copy the folder") from None


def _header(path: Path) -> Slice | None:
    """The header of an image file; None when the file is DICOM without an image."""
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    try:
        with quiet():
            reader.ReadImageInformation()
    except RuntimeError:
        with path.open("rb") as file:
            start = file.read(1024)
        if any(uid in start for uid in _NO_IMAGE):
            return None
        raise BadInput(f"{path} cannot be read: this DICOM file is truncated or damaged",
                       "Copy or export the series again") from None
    tags = {key: str(reader.GetMetaData(key)).strip(" \0") for key in _TAGS if reader.HasMetaDataKey(key)}
    return Slice(path, tags, tuple(int(length) for length in reader.GetSize()))


def _choose(slices: list[Slice], series: str, folder: Path) -> list[Slice]:
    counts = Counter(one.series for one in slices)
    fitting = [uid for uid in counts if uid.endswith(series)]
    if len(fitting) == 1:
        return [one for one in slices if one.series == fitting[0]]
    if not slices:
        return []
    kinds = {one.series: one for one in slices}
    listed = "; ".join(f"{kinds[uid].modality} {kinds[uid].tags.get('0008|103e', '')} {counts[uid]} slices in "
                       f"{kinds[uid].path.parent.name}: {uid}".replace("  ", " ") for uid in list(counts)[:6])
    more = f" and {len(counts) - 6} more" if len(counts) > 6 else ""
    fault = f"holds {len(counts)} series" if not series else f"has {len(fitting) or 'no'} series '{series}'"
    raise BadInput(f"{folder} {fault} ({listed}{more})",
                   f"Choose one as {folder}#SeriesInstanceUID, or give its sub-folder")


def _read_single(only: Slice) -> sitk.Image:
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    door.check_size(only.size, str(only.path))
    door.check_fits(only.size, 4, str(only.path))
    reader.SetFileName(str(only.path))
    image = _execute(reader.Execute, only.path)
    enhanced.check(image, only.path)
    return image


def _read_series(slices: list[Slice], folder: Path) -> sitk.Image:
    size = (*slices[0].size[:2], len(slices))
    door.check_size(size, str(folder))
    door.check_fits(size, 4, str(folder))
    reader = sitk.ImageSeriesReader()
    # A slope that changes from slice to slice must not be rounded to the first slice's integer type.
    if len({(one.tags.get("0028|1053"), one.tags.get("0028|1052")) for one in slices}) > 1:
        reader.SetOutputPixelType(sitk.sitkFloat32)
    reader.SetFileNames([str(one.path) for one in slices])
    return _execute(reader.Execute, folder)


def _execute(reader: Callable[[], sitk.Image], what: Path) -> sitk.Image:
    try:
        with quiet() as whispers:
            image = reader()
    except RuntimeError as error:
        raise in_one_line(f"{error}\n{whispers.text}", what) from None
    for key in image.GetMetaDataKeys():
        image.EraseMetaData(key)
    return image


def _unit(first: Slice, image: sitk.Image) -> tuple[str, sitk.Image, tuple[str, ...]]:
    """The unit and the image in it; PET in Bq/ml becomes SUV by body weight where all it takes is known."""
    if first.modality != "PT":
        return "", image, ()
    units = first.tags.get("0054|1001", "")
    if units == "GML":
        return "SUV", image, ()
    if units != "BQML":
        return "", image, (f"PET in DICOM units '{units}': neither SUV nor Bq/ml, so uptake has no unit",)
    from MedFusionLib.suv import NoFactorError, factor

    try:
        scale = factor(first.path)
    except NoFactorError as reason:
        return "Bq/ml", image, (f"PET stays in Bq/ml: {reason}",)
    return "SUV", sitk.Cast(image, sitk.sitkFloat32) * scale, (f"SUV by body weight: Bq/ml x {scale:.6g}",)
