"""Volume: an image with geometry, modality and name. Reading, writing, and the check at the door."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from MedFusionLib import geometry
from MedFusionLib.errors import BadInput
from MedFusionLib.modality import Modality, modality

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Volume:
    """An image with its geometry in LPS millimetres, as ITK keeps it.

    ``image`` is scalar (any real type) or 8-bit RGB, in three dimensions or (a picture) in two.
    ``unit`` is "HU", "SUV", "Bq/ml" or "" (arbitrary). ``frame_of_reference`` is the DICOM UID or "".
    ``notes`` are lines for the record: what was mended in reading, or looks doubtful.
    """

    image: sitk.Image
    modality: str = "unknown"
    name: str = "volume"
    unit: str = ""
    frame_of_reference: str = ""
    path: Path | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str | os.PathLike[str], modality: str | None = None, name: str | None = None,
             frame: int | None = None, non_finite: Literal["refuse", "background"] = "refuse") -> Volume:
        """Read NIfTI, NRRD, MetaImage, DICOM (a folder, or a multi-frame file) or PNG, JPEG, TIFF.

        ``modality`` left out is taken from DICOM, then the file's name, then its folder's name. ``frame``
        chooses one frame of a 4-D file or one component of a vector, counted from 0. ``non_finite``
        "background" puts the modality's background where voxels are NaN or infinite. The path may end in
        what is chosen: ``file#frame``, or ``folder#SeriesInstanceUID`` where a DICOM folder has several
        series. Raises ``BadInput`` for whatever cannot be used.
        """
        from MedFusionLib.reading import read

        return read(path, modality, name, frame, non_finite)

    @classmethod
    def read_mask(cls, path: str | os.PathLike[str], on: Volume) -> Volume:
        """Read a mask (non-zero: inside) that lies on the grid of ``on``; raises ``BadInput`` otherwise."""
        from MedFusionLib.reading import read_mask

        return read_mask(path, on)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write NIfTI (.nii, .nii.gz), NRRD (.nrrd) or, for a 2-D 8-bit picture, PNG; returns the path.

        A file appears complete or not at all. NIfTI keeps geometry in 32-bit floats, NRRD in 64-bit.
        Raises ``BadInput`` for another suffix, a missing folder or a full disk.
        """
        from MedFusionLib.writing import write

        return write(self, path)

    @classmethod
    def from_array(cls, array: npt.ArrayLike, spacing: tuple[float, ...] | None = None,
                   origin: tuple[float, ...] | None = None, direction: npt.ArrayLike | None = None,
                   modality: str = "unknown", name: str = "volume", unit: str = "") -> Volume:
        """A volume of ``array``, indexed (z, y, x) or (y, x), with a last axis of 3 for 8-bit RGB.

        ``spacing`` (mm), ``origin`` (LPS, mm) and ``direction`` (LPS; flat or square) are in the order
        x, y, z. The values are copied. Raises ``BadInput`` for an array or geometry that cannot be used.
        """
        image = _image(np.asarray(array), name)
        dimension = image.GetDimension()
        spacing = (1.0,) * dimension if spacing is None else spacing
        origin = (0.0,) * dimension if origin is None else origin
        axes = np.eye(dimension) if direction is None else np.asarray(direction, dtype=np.float64)
        if len(spacing) != dimension or len(origin) != dimension or axes.size != dimension**2:
            raise BadInput(f"{name}: the array is {dimension}-D but spacing, origin and direction have "
                           f"{len(spacing)}, {len(origin)} and {axes.size} numbers",
                           f"Give {dimension}, {dimension} and {dimension**2}")
        from MedFusionLib.door import check_geometry

        check_geometry(spacing, origin, axes.ravel().tolist(), name)
        square = geometry.orthonormal(axes.reshape(dimension, dimension), name)
        geometry.Geometry(tuple(map(float, spacing)), tuple(map(float, origin)),
                          tuple(square.ravel().tolist())).apply(image)
        return cls(image, _known(modality), name, unit)

    @classmethod
    def from_ijk_to_ras(cls, array: npt.ArrayLike, matrix: npt.ArrayLike, parent: npt.ArrayLike | None = None,
                        modality: str = "unknown", name: str = "volume", unit: str = "") -> Volume:
        """A 3-D volume of ``array``, indexed (k, j, i) as in Slicer, placed by a 4 x 4 matrix to RAS mm.

        ``parent`` (4 x 4) is a parent transform to world RAS; the volume lies at ``parent @ matrix``.
        Left-handed and oblique matrices are kept. Raises ``BadInput`` for a singular or sheared one.
        """
        place = np.asarray(matrix, dtype=np.float64)
        if parent is not None:
            place = np.asarray(parent, dtype=np.float64) @ place
        image = _image(np.asarray(array), name)
        if image.GetDimension() != 3:
            raise BadInput(f"{name}: the array has {image.GetDimension()} dimensions", "Give a 3-D array (k, j, i)")
        geometry.from_ijk_to_ras(place, name).apply(image)
        return cls(image, _known(modality), name, unit)

    @property
    def ijk_to_ras(self) -> npt.NDArray[np.float64]:
        """The 4 x 4 matrix from voxel indices (i, j, k) to RAS mm, as Slicer keeps it."""
        return geometry.ijk_to_ras(self.image)

    @property
    def about(self) -> Modality:
        """What is known of this volume's modality."""
        return modality(self.modality)

    @property
    def array(self) -> Array:
        """The voxels, indexed (z, y, x) or (y, x), with a last axis of 3 for colour; read-only view."""
        return np.asarray(_Voxels(self.image))

    @property
    def is_colour(self) -> bool:
        """True for RGB."""
        return int(self.image.GetNumberOfComponentsPerPixel()) == 3

    @property
    def dimension(self) -> int:
        """2 for a picture, 3 for a volume."""
        return int(self.image.GetDimension())

    def like(self, array: Array, **changes: Any) -> Volume:
        """A new volume on this one's grid with ``array``'s values; other fields as in ``changes``."""
        vector = array.ndim == self.dimension + 1
        image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=vector)
        image.CopyInformation(self.image)
        return replace(self, image=image, **changes)

    def check(self) -> None:
        """Refuse, with ``BadInput``, a volume that cannot be fused: see :func:`MedFusionLib.door.check`."""
        from MedFusionLib.door import check

        check(self)


class _Voxels:
    """An image's voxels as numpy sees them; the array holds this object, and so the image, alive.

    SimpleITK's own view does not, and shows freed memory once its image is gone.
    """

    def __init__(self, image: sitk.Image) -> None:
        self.image = image
        self.__array_interface__ = sitk.GetArrayViewFromImage(image).__array_interface__


def _known(name: str) -> str:
    return modality(name).name


def _image(array: Array, name: str) -> sitk.Image:
    """``array`` as an ITK image without geometry; bool and float16 are widened to what ITK has."""
    widened = {"bool": "uint8", "float16": "float32"}
    kind = array.dtype.name
    if array.dtype.kind not in "buif" or array.dtype.itemsize > 8:
        raise BadInput(f"{name}: an array of {kind} cannot be a volume", "Give integers or floats")
    colour = array.ndim in (3, 4) and array.shape[-1] == 3 and kind == "uint8"
    if array.ndim - colour not in (2, 3) or 0 in array.shape:
        raise BadInput(f"{name}: an array of shape {array.shape} cannot be a volume",
                       "Give (z, y, x) or (y, x), without empty axes, with a last axis of 3 for 8-bit RGB")
    native = np.ascontiguousarray(array, dtype=np.dtype(widened.get(kind, kind)))
    return sitk.GetImageFromArray(native, isVector=colour)
