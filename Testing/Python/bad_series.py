"""Makers of small DICOM series, good and bad, written with pydicom: each returns the folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    RTStructureSetStorage,
    generate_uid,
)

ROWS, COLUMNS, STEP = 12, 16, 3.0
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def voxels(count: int = 8) -> np.ndarray:
    """Stored values, indexed (z, y, x); the rescale intercept of -1024 makes them HU."""
    return np.random.default_rng(5).integers(0, 2000, (count, ROWS, COLUMNS)).astype(np.int16)


def series(folder: Path, name: str = "series", count: int = 8, missing: Collection[int] = (), tilt: float = 0.0,
           position: bool = True, uid: str = "1.2.3.4", tags: Mapping[str, Any] | None = None,
           slopes: Mapping[int, float] | None = None, times: int = 0) -> Path:
    """A CT series of ``count`` slices, numbered against their order in space.

    ``missing`` slices are left out, ``tilt`` shears the slices (degrees), ``tags`` are set on every file.
    """
    place = folder / name
    place.mkdir(exist_ok=True)
    array = voxels(count)
    for index in sorted(set(range(count)) - set(missing)):
        data = _slice(array[index], uid, count - index + times * 1000)
        if position:
            shift = np.tan(np.radians(tilt)) * index * STEP
            data.ImagePositionPatient = [-10.0, 20.0 + shift, 30.0 + index * STEP]
        data.RescaleSlope = (slopes or {}).get(index, 1.0)
        for keyword, value in (tags or {}).items():
            setattr(data, keyword, value)
        data.save_as(place / f"{(index * 5) % 97:03d}-{times}.dcm", enforce_file_format=True)
    return place


def with_localiser(folder: Path) -> Path:
    """A series with one slice that looks from the side."""
    place = series(folder)
    data = _slice(voxels(1)[0], "1.2.3.4", 99)
    data.ImagePositionPatient, data.ImageOrientationPatient = [0.0, 0.0, 0.0], [0, 1, 0, 0, 0, -1]
    data.save_as(place / "localiser.dcm", enforce_file_format=True)
    return place


def two_series(folder: Path) -> Path:
    """Two series in one folder."""
    series(folder)
    return series(folder, count=6, uid="1.2.3.5", times=1)


def two_times(folder: Path) -> Path:
    """Two slices at every position."""
    series(folder)
    return series(folder, times=1)


def doubled(folder: Path) -> Path:
    """Two slices at one position, one at the others."""
    series(folder)
    return series(folder, missing=range(1, 8), times=1)


def cut(folder: Path) -> Path:
    """A series with a file that ends too early."""
    place = series(folder)
    victim = sorted(place.iterdir())[3]
    victim.write_bytes(victim.read_bytes()[:-200])
    return place


def structures(folder: Path, name: str = "structures") -> Path:
    """A folder with nothing but a structure set."""
    place = folder / name
    place.mkdir(exist_ok=True)
    data = _file(RTStructureSetStorage)
    data.Modality, data.SeriesInstanceUID, data.StructureSetLabel = "RTSTRUCT", "1.2.3.9", "contours"
    data.save_as(place / "RS.dcm", enforce_file_format=True)
    return place


def enhanced(folder: Path, order: Collection[int] = range(5)) -> Path:
    """One multi-frame CT file of 5 slices, written in ``order``."""
    stored = voxels(5)[list(order)]
    data = _file(EnhancedCTImageStorage)
    data.Modality, data.SeriesInstanceUID, data.StudyInstanceUID = "CT", "1.2.3.4", "1.2.3"
    data.NumberOfFrames, data.Rows, data.Columns = stored.shape
    _store(data, stored)
    data.SharedFunctionalGroupsSequence = [_group(
        PixelMeasuresSequence=_group(PixelSpacing=[1.5, 1.25], SliceThickness=STEP),
        PlaneOrientationSequence=_group(ImageOrientationPatient=list(AXIAL)),
        PixelValueTransformationSequence=_group(RescaleIntercept=-1024.0, RescaleSlope=1.0, RescaleType="HU"))]
    data.PerFrameFunctionalGroupsSequence = [_group(
        PlanePositionSequence=_group(ImagePositionPatient=[-10.0, 20.0, 30.0 + STEP * index]),
        FrameContentSequence=_group(DimensionIndexValues=[1, index + 1])) for index in order]
    data.save_as(folder / "enhanced.dcm", enforce_file_format=True)
    return folder / "enhanced.dcm"


def _group(**tags: Any) -> Dataset:
    data = Dataset()
    for keyword, value in tags.items():
        setattr(data, keyword, [value] if isinstance(value, Dataset) else value)
    return data


def _store(data: FileDataset, pixels: np.ndarray) -> None:
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.PixelData = pixels.tobytes()


def _slice(pixels: np.ndarray, uid: str, number: int) -> FileDataset:
    data = _file(CTImageStorage)
    data.Modality, data.SeriesInstanceUID, data.InstanceNumber = "CT", uid, number
    data.StudyInstanceUID, data.FrameOfReferenceUID = "1.2.3", "1.2.3.77"
    data.PatientName, data.PatientID = "Phantom", "0"
    data.Rows, data.Columns = pixels.shape
    data.PixelSpacing, data.SliceThickness = [1.5, 1.25], STEP
    data.ImageOrientationPatient = list(AXIAL)
    data.RescaleIntercept, data.RescaleSlope = -1024.0, 1.0
    _store(data, pixels)
    return data


def _file(kind: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = kind, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    return data
