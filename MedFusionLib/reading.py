"""Reading one volume or picture from a file or a DICOM folder, checked at the door."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import SimpleITK as sitk

from MedFusionLib import door, files, geometry, naming, nifti
from MedFusionLib.errors import BadInput
from MedFusionLib.headers import Promise, check_complete, check_place, in_one_line, promised
from MedFusionLib.modality import modality as modality_entry
from MedFusionLib.quiet import quiet
from MedFusionLib.volume import Volume

NonFinite = Literal["refuse", "background"]

#: Hounsfield units that a CT can hold (metal and padding included); other values are no HU.
_HU = (-10000.0, 100000.0)


def read(path: str | os.PathLike[str], modality: str | None = None, name: str | None = None,
         frame: int | None = None, non_finite: NonFinite = "refuse") -> Volume:
    """Read a volume; the docstring of :meth:`Volume.read` says all."""
    volume: Volume = _load(path, modality, name, frame)
    if non_finite not in ("refuse", "background"):
        raise BadInput(f"non_finite = '{non_finite}' is not known", "Use refuse or background")
    if non_finite == "background":
        volume = _finite(volume)
    door.check(volume)
    return _with_unit(volume)


def read_mask(path: str | os.PathLike[str], on: Volume) -> Volume:
    """Read a mask of ``on`` (non-zero: inside), on the same grid; raises ``BadInput``."""
    mask = _load(path, "unknown", None, None)
    door.check_mask(mask, on)
    return mask


def _load(path: str | os.PathLike[str], modality: str | None, name: str | None, frame: int | None) -> Volume:
    wanted = modality_entry(modality).name if modality else None
    if frame is not None and frame < 0:
        raise BadInput(f"frame = {frame} is negative", "Count frames from 0")
    text, part = _split(os.fsdecode(path))
    place = files.locate(text)
    if part and not place.is_dir():
        if not part.isdecimal():
            raise BadInput(f"{place}: '{part}' is no frame number", f"Count frames from 0: {place}#0")
        frame = int(part)
    if place.is_dir() or files.format_of(place) == "DICOM":
        from MedFusionLib import dicom

        volume = dicom.read(place, part, frame)
        guess = volume.modality if volume.modality != "unknown" else naming.modality_of(place)
    else:
        image, notes = _read_file(place, frame)
        volume = Volume(image, name=naming.stem(place), path=place, notes=notes)
        guess = naming.modality_of(place)
    return replace(volume, modality=wanted or guess, name=name or volume.name)


def _split(text: str) -> tuple[str, str]:
    """The path and what follows its ``#``, unless the ``#`` belongs to the name."""
    path, _, part = text.rpartition("#")
    return (path, part) if path and "\0" not in text and not os.path.lexists(text) else (text, "")


def _read_file(path: Path, frame: int | None) -> tuple[sitk.Image, tuple[str, ...]]:
    """The image of a file and notes on what was mended in it."""
    kind = files.format_of(path)
    header = nifti.check(path) if kind == "NIfTI" else None
    reader = sitk.ImageFileReader()
    with nifti.permissive():
        promise = promised(reader, path)
        if kind not in files.PICTURES:
            check_place(reader, path)
        image = _voxels(reader, promise, path, 2 if kind in files.PICTURES else 3, frame)
    for key in image.GetMetaDataKeys():
        image.EraseMetaData(key)
    if kind in files.PICTURES:
        return _as_picture(image), ()
    if header is not None and len(header.non_finite):
        image = nifti.with_non_finite(image, header, frame or 0)
    return _mend(image, header, path)


def _voxels(reader: sitk.ImageFileReader, promise: Promise, path: Path, most: int,
            frame: int | None) -> sitk.Image:
    """The voxels in at most ``most`` dimensions; ``frame`` chooses among further ones, or a component."""
    further = promise.size[most:]
    frames = int(np.prod(further, dtype=np.int64))
    if frames > 1 and frame is None:
        raise BadInput(f"{path} is {len(promise.size)}-D ({door.shape(promise.size)}): {frames} frames",
                       f"Choose one: {path}#0 to {path}#{frames - 1}")
    picks_component = frames == 1 and frame is not None and promise.channels > 1 and "complex" not in promise.kind
    count = promise.channels if picks_component else frames
    if frame is not None and frame >= count:
        raise BadInput(f"{path} has {count} frame{'s' * (count > 1)}; frame {frame} is not there",
                       f"Use a frame from 0 to {count - 1}" if count > 1 else "Leave the frame out")
    if further:
        where = np.unravel_index(0 if picks_component else frame or 0, further, order="F")
        reader.SetExtractSize([*promise.size[:most], *(0 for _ in further)])
        reader.SetExtractIndex([*(0 for _ in range(most)), *(int(index) for index in where)])
    if not picks_component and most == 3:
        door.check_channels(promise.kind, promise.channels, str(path))
    door.check_size(promise.size[:most], str(path))
    try:
        with quiet() as whispers:
            image: sitk.Image = reader.Execute()
    except RuntimeError as error:
        raise in_one_line(f"{error}\n{whispers.text}", path) from None
    check_complete(whispers.text, path)
    if picks_component:
        image = sitk.VectorIndexSelectionCast(image, frame)
    return image


def _as_picture(image: sitk.Image) -> sitk.Image:
    """A grey or 8-bit RGB picture whose grid counts in pixels: alpha is dropped, printing resolution too."""
    channels = image.GetNumberOfComponentsPerPixel()
    if channels in (2, 4):
        keep = [sitk.VectorIndexSelectionCast(image, index) for index in range(channels - 1)]
        image = keep[0] if channels == 2 else sitk.Compose(keep)
    if image.GetNumberOfComponentsPerPixel() == 3:
        array = sitk.GetArrayViewFromImage(image)
        if (array[..., 0] == array[..., 1]).all() and (array[..., 0] == array[..., 2]).all():
            image = sitk.VectorIndexSelectionCast(image, 0)
        elif array.dtype == np.uint16:
            image = sitk.GetImageFromArray(np.round(array / 257).astype(np.uint8), isVector=True)
    geometry.Geometry((1.0, 1.0), (0.0, 0.0), (1.0, 0.0, 0.0, 1.0)).apply(image)
    return image


def _mend(image: sitk.Image, header: nifti.Header | None, path: Path) -> tuple[sitk.Image, tuple[str, ...]]:
    """Put right what ITK takes wrongly from a NIfTI header, and directions that are off by rounding."""
    notes: tuple[str, ...] = ()
    if header is not None and image.GetDimension() == 3:
        notes = nifti.place(image, header, str(path))
    dimension = image.GetDimension()
    given = np.reshape(image.GetDirection(), (dimension, dimension))
    mended = geometry.orthonormal(given, str(path))
    if mended is not given and not np.array_equal(mended, given):
        image.SetDirection(mended.ravel().tolist())
        notes += ("axes were not quite perpendicular; the nearest perpendicular ones are used",)
    return image, notes


def _finite(volume: Volume) -> Volume:
    """The volume with its modality's background where voxels are NaN or infinite."""
    array = volume.array
    bad = ~np.isfinite(array)
    count = int(np.count_nonzero(bad))
    if count == 0:
        return volume
    filled = np.where(bad, np.asarray(volume.about.background, array.dtype), array)
    note = f"{count} voxels were NaN or infinite and hold the background {volume.about.background:g}"
    return volume.like(filled, notes=(*volume.notes, note))


def _with_unit(volume: Volume) -> Volume:
    """The volume with the unit of its values: HU, SUV, Bq/ml as DICOM says, or none."""
    if volume.modality == "PET":
        by_name = volume.path is not None and naming.is_suv(naming.stem(volume.path))
        return replace(volume, unit=volume.unit or ("SUV" if by_name else ""))
    if volume.about.unit != "HU":
        return replace(volume, unit=volume.about.unit)
    low, high = float(volume.array.min()), float(volume.array.max())
    if volume.dimension == 2 or volume.is_colour or low < _HU[0] or high > _HU[1] \
            or (low >= 0 and high <= 255):
        note = f"values from {low:g} to {high:g} cannot be Hounsfield units; the unit is left open"
        return replace(volume, unit="", notes=(*volume.notes, note))
    return replace(volume, unit="HU")
