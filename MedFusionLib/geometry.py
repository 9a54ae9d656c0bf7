"""Where voxels lie: ITK's spacing, origin and direction (LPS) against one 4 x 4 matrix (RAS).

This is the one place where LPS (ITK, DICOM) and RAS (Slicer, NIfTI) are converted; all in mm.

Two orders meet in the library. What belongs to an image (size, spacing, origin, points, voxel indices) is in ITK's
order x, y, z. Arrays are indexed (z, y, x), with colour last, and batch and source first where there are several; what
goes with an array (axes, the ``spacing`` of metrics and faithfulness) is in the order of its axes. The step from one to
the other is ``image.GetSpacing()[::-1]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MedFusionLib.errors import BadInput

if TYPE_CHECKING:
    import SimpleITK as sitk

Matrix = npt.NDArray[np.float64]

LPS_TO_RAS: Matrix = np.diag([-1.0, -1.0, 1.0, 1.0])
#: A direction nearer to orthonormal than this is rounding and is mended; above, it is a real shear.
SHEAR_MENDED = 1e-3
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Geometry:
    """Spacing (mm), origin (LPS, mm) and direction (rows, LPS, orthonormal) of a 3-D grid."""

    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]

    def apply(self, image: sitk.Image) -> None:
        """Give ``image`` this geometry."""
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)


def ijk_to_ras(image: sitk.Image) -> Matrix:
    """The 4 x 4 matrix from voxel indices (i, j, k) to RAS mm; a picture lies in the plane k = 0."""
    dimension = image.GetDimension()
    matrix = np.eye(4)
    direction = np.reshape(image.GetDirection(), (dimension, dimension))
    matrix[:dimension, :dimension] = direction * np.asarray(image.GetSpacing())
    matrix[:dimension, 3] = image.GetOrigin()
    return np.asarray(LPS_TO_RAS @ matrix, dtype=np.float64)


def from_ijk_to_ras(matrix: npt.ArrayLike, what: str = "volume") -> Geometry:
    """The geometry that ``matrix`` (4 x 4, indices to RAS mm) describes, left-handed or oblique.

    Raises ``BadInput`` for a matrix that is not 4 x 4, not finite, singular or sheared.
    """
    given = np.asarray(matrix, dtype=np.float64)
    if given.shape != (4, 4):
        raise BadInput(f"{what}: the IJK-to-RAS matrix has shape {given.shape}", "Give a 4 x 4 matrix")
    if not np.isfinite(given).all() or not np.allclose(given[3], (0, 0, 0, 1)):
        raise BadInput(f"{what}: the IJK-to-RAS matrix is not a finite affine matrix ({one_line(given)})",
                       "Give finite numbers and a last row of 0 0 0 1")
    lps = LPS_TO_RAS @ given
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    if (spacing == 0).any():
        raise BadInput(f"{what}: the IJK-to-RAS matrix is singular ({one_line(given[:3, :3])})",
                       "Correct the matrix: each voxel axis needs a direction and a length")
    direction = orthonormal(lps[:3, :3] / spacing, what)
    return Geometry(tuple(spacing.tolist()), tuple(lps[:3, 3].tolist()), tuple(direction.ravel().tolist()))


def orthonormal(direction: npt.ArrayLike, what: str = "volume") -> Matrix:
    """``direction`` (square) itself, or the nearest orthonormal matrix when it is off by rounding.

    The nearest one in the Frobenius norm is U V' of the singular value decomposition. Raises
    ``BadInput`` when it is not finite, singular, or further than ``SHEAR_MENDED`` from orthonormal.
    """
    given = np.asarray(direction, dtype=np.float64)
    if not np.isfinite(given).all():
        raise BadInput(f"{what}: the direction matrix holds NaN or infinity ({one_line(given)})",
                       "Correct the orientation (in the file's header), or convert from the original again")
    norms = np.linalg.norm(given, axis=0)
    if (norms == 0).any() or abs(np.linalg.det(given / np.where(norms == 0, 1, norms))) < 1e-6:
        raise BadInput(f"{what}: the direction matrix is singular ({one_line(given)})",
                       "Correct the orientation (in the file's header): its axes must be independent")
    error = float(np.abs(given.T @ given - np.eye(len(given))).max())
    if error <= _ROUNDING:
        return given
    if error > SHEAR_MENDED:
        raise BadInput(f"{what}: the axes are not perpendicular unit vectors (off by {error:.2g})",
                       "Resample it to a rectangular grid first (in Slicer: harden the transform, then "
                       "Resample Scalar Volume)")
    left, _, right = np.linalg.svd(given)
    return np.asarray(left @ right, dtype=np.float64)


def one_line(values: npt.ArrayLike) -> str:
    """The numbers of a matrix in one short line, rows parted by semicolons."""
    rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    return "; ".join(" ".join(f"{value:g}" for value in row) for row in rows)
