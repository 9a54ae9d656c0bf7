"""The header of a NIfTI-1 file, looked at before ITK reads it.

ITK reads a file that ends too early without a word, replaces NaN by 0 and spacing of 0 or NaN by 1 mm, and
takes the spacing from ``pixdim`` even where ``sform`` says otherwise; so these are looked at here.
Source: nifti1.h, https://nifti.nimh.nih.gov/nifti-1 (fields, ``quatern_to_mat44``).
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from MedFusionLib.door import amount, check_fits, check_spacing, shape
from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import Matrix, from_ijk_to_ras, ijk_to_ras, one_line

Indices = npt.NDArray[np.int64]

_HEADER = 348
_CHUNK = 1 << 20
#: NIfTI data type code: bytes per voxel.
_BYTES = {2: 1, 4: 2, 8: 4, 16: 4, 32: 8, 64: 8, 128: 3, 256: 1, 512: 2, 768: 4, 1024: 8, 1280: 8,
          1536: 16, 1792: 16, 2048: 32, 2304: 4}
#: Code of the unit of length (metre, micrometre): mm.
_MILLIMETRES = {1: 1000.0, 3: 1e-3}
#: Two matrices that place the corners of the grid nearer than this (mm) are one, but for rounding.
_SAME_PLACE = 1e-2
#: Volume of a voxel (mm3) below which the matrix has lost an axis.
_LEAST_VOXEL = 1e-15
_AGAIN = "Copy, download or export it again"


@dataclass(frozen=True)
class Header:
    """Size, bytes per voxel, place of the first, and the matrices from indices to RAS mm, where coded.

    ``float_type`` is the type of floating point voxels; ``non_finite`` the flat indices of NaN and infinity.
    """

    size: tuple[int, ...]
    bytes_per_voxel: int
    float_type: str | None
    offset: int
    sform: Matrix | None
    qform: Matrix | None
    non_finite: Indices


def check(path: Path) -> Header:
    """The header of ``path``, after seeing that it makes sense and that all voxels are in the file.

    Raises ``BadInput``. The file is read through once, piece by piece, which also proves the checksum of a
    compressed one.
    """
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=raw) if packed else raw)
        try:
            header = _parse(file.read(_HEADER), path)
            check_fits(header.size, header.bytes_per_voxel, str(path))
            return replace(header, non_finite=_read_through(file, header, path))
        except EOFError:
            raise BadInput(f"{path} is truncated: its {amount(path.stat().st_size)} of compressed data end too early",
                           _AGAIN) from None
        except (zlib.error, gzip.BadGzipFile):
            raise BadInput(f"{path} is damaged: its {amount(path.stat().st_size)} of compressed data fail their "
                           "checksum", _AGAIN) from None


def place(image: sitk.Image, header: Header, what: str) -> tuple[str, ...]:
    """Set the geometry of ``image`` from the header where ITK took neither ``sform`` nor ``qform``.

    Returns notes on what was done. Where the two matrices differ, ITK's choice (and so Slicer's) stays.
    """
    coded = [matrix for matrix in (header.sform, header.qform) if matrix is not None]
    if not coded:
        return ()
    taken = ijk_to_ras(image)
    apart = [_corner_distance(matrix, taken, image.GetSize()) for matrix in coded]
    if min(apart) > _SAME_PLACE:
        from_ijk_to_ras(coded[0], what).apply(image)
        return ("spacing and orientation are taken from the sform matrix, which ITK would not take",)
    if max(apart) > _SAME_PLACE:
        return (f"sform and qform differ by {max(apart):.3g} mm; the one that Slicer takes is used",)
    return ()


def with_non_finite(image: sitk.Image, header: Header, frame: int) -> sitk.Image:
    """The image with NaN back where the file has NaN or infinity, which niftilib replaces by 0."""
    array = sitk.GetArrayFromImage(image)
    here = header.non_finite - frame * array.size
    here = here[(here >= 0) & (here < array.size)]
    if not len(here):
        return image
    array.reshape(-1)[here] = np.nan
    marked = sitk.GetImageFromArray(array)
    marked.CopyInformation(image)
    return marked


@contextmanager
def permissive() -> Iterator[None]:
    """Let ITK read a NIfTI file whose ``sform`` is not orthonormal, so that :func:`place` may mend it."""
    name = "ITK_NIFTI_SFORM_PERMISSIVE"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _corner_distance(first: Matrix, second: Matrix, size: tuple[int, ...]) -> float:
    """The largest distance in mm between the two places of the grid's corners."""
    corners = np.array([(i, j, k, 1) for i in (0, size[0]) for j in (0, size[1]) for k in (0, size[2])])
    return float(np.linalg.norm((corners @ (first - second).T)[:, :3], axis=1).max())


def _parse(start: bytes, path: Path) -> Header:
    if len(start) < _HEADER:
        raise BadInput(f"{path} is truncated: a NIfTI header has {_HEADER} bytes and only {len(start)} are there",
                       _AGAIN)
    order = {struct.pack(o + "i", _HEADER): o for o in "<>"}.get(start[:4])
    if order is None:
        raise BadInput(f"{path} is no NIfTI-1 file: it starts with the bytes {start[:4].hex(' ')}",
                       "Give a NIfTI-1, NRRD or MetaImage file")
    dim = struct.unpack_from(order + "8h", start, 40)
    code = struct.unpack_from(order + "h", start, 70)[0]
    pixdim = struct.unpack_from(order + "8f", start, 76)
    offset = int(struct.unpack_from(order + "f", start, 108)[0])
    size = tuple(dim[1:1 + dim[0]])
    if not 1 <= dim[0] <= 7 or min(size) < 1:
        raise BadInput(f"{path}: the size in the header is {shape(dim[1:4])} ({dim[0]} dimensions); it is empty "
                       "or damaged", _AGAIN)
    if code not in _BYTES:
        raise BadInput(f"{path}: {code} is no NIfTI data type", "Convert it to a 16-bit or float volume")
    scale = _MILLIMETRES.get(start[123] & 7, 1.0)
    check_spacing([length * scale for length in pixdim[1:1 + min(dim[0], 3)]], str(path))
    float_type = {16: order + "f4", 64: order + "f8"}.get(code)
    return Header(size, _BYTES[code], float_type, max(offset, _HEADER), _sform(start, order, scale, path),
                  _qform(start, order, scale, pixdim, path), np.empty(0, np.int64))


def _sform(start: bytes, order: str, scale: float, path: Path) -> Matrix | None:
    if struct.unpack_from(order + "h", start, 254)[0] <= 0:
        return None
    matrix = np.vstack([np.reshape(struct.unpack_from(order + "12f", start, 280), (3, 4)), (0, 0, 0, 1)])
    return _sound(matrix, scale, "sform", path)


def _qform(start: bytes, order: str, scale: float, pixdim: tuple[float, ...], path: Path) -> Matrix | None:
    if struct.unpack_from(order + "h", start, 252)[0] <= 0:
        return None
    b, c, d, x, y, z = struct.unpack_from(order + "6f", start, 256)
    a = np.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    turn = np.array([[a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                     [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                     [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn * (pixdim[1], pixdim[2], pixdim[3] * (-1 if pixdim[0] < 0 else 1))
    matrix[:3, 3] = x, y, z
    return _sound(matrix, scale, "qform", path)


def _sound(matrix: Matrix, scale: float, name: str, path: Path) -> Matrix:
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < _LEAST_VOXEL:
        raise BadInput(f"{path}: the {name} matrix is singular or not finite ({one_line(matrix[:3])})",
                       "Correct the orientation in the file's header, or convert from the original again")
    matrix[:3] *= scale
    return matrix


def _read_through(file: IO[bytes], header: Header, path: Path) -> Indices:
    """Read all voxels piece by piece; returns the flat indices (i fastest) of those that are NaN or infinite."""
    file.read(header.offset - _HEADER)
    count, there = int(np.prod(header.size, dtype=np.int64)), 0
    found = [np.empty(0, np.int64)]
    while piece := file.read(_CHUNK):
        if header.float_type is not None:
            values = np.frombuffer(piece[:len(piece) // header.bytes_per_voxel * header.bytes_per_voxel],
                                   header.float_type)
            found.append(np.flatnonzero(~np.isfinite(values)) + there // header.bytes_per_voxel)
        there += len(piece)
    if there < count * header.bytes_per_voxel:
        raise BadInput(f"{path} is truncated: its header promises {amount(count * header.bytes_per_voxel)} "
                       f"({shape(header.size)} voxels) and {amount(there)} are there", _AGAIN)
    indices = np.concatenate(found)
    return indices[indices < count]
