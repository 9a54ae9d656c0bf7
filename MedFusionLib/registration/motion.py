"""Rigid motion of points about a centre: what the search moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from MedFusionLib.registration.settings import Points

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Motion:
    """The map x -> R (x - centre) + centre + shift of points (LPS, mm); ``rotation`` is R's rotation vector (rad)."""

    rotation: Vector
    shift: Vector
    centre: Vector

    @classmethod
    def none(cls, centre: Vector) -> Motion:
        """No motion, about ``centre``."""
        return cls(np.zeros(3), np.zeros(3), centre)

    def __call__(self, points: Points) -> Points:
        """The moved ``points``, shape (n, 3)."""
        matrix = Rotation.from_rotvec(self.rotation).as_matrix()
        moved: Points = turned(points - self.centre, matrix) + (self.centre + self.shift)
        return moved

    def about(self, centre: Vector) -> Motion:
        """The same motion with another centre."""
        return Motion(self.rotation, self(centre[np.newaxis])[0] - centre, centre)

    def transform(self, inverse: bool = False) -> sitk.Euler3DTransform:
        """The motion, or its inverse, as an ITK transform."""
        matrix = Rotation.from_rotvec(-self.rotation if inverse else self.rotation).as_matrix()
        offset = -(matrix @ self.shift) if inverse else self.shift
        made = sitk.Euler3DTransform()
        made.SetCenter(self.centre.tolist())
        made.SetMatrix(matrix.ravel().tolist(), 1e-9)
        made.SetTranslation(offset.tolist())
        return made


def left_jacobian(rotation: Vector) -> npt.NDArray[np.float64]:
    """The matrix that turns a small change of a rotation vector (rad) into the rotation it adds in front."""
    angle = float(np.linalg.norm(rotation))
    x, y, z = rotation
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    if angle < 1e-6:
        return np.eye(3) + cross / 2
    first, second = (1 - np.cos(angle)) / angle**2, (angle - np.sin(angle)) / angle**3
    matrix: npt.NDArray[np.float64] = np.eye(3) + first * cross + second * cross @ cross
    return matrix


def turned(points: npt.NDArray[Any], matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each of ``points`` (n, 3) times ``matrix``.

    Written without BLAS: its threads only wait for each other on three columns, and slow everything around them.
    """
    result: npt.NDArray[np.float64] = np.einsum("nk,jk->nj", points, matrix)
    return result


def distance(first: Motion, second: Motion, points: Points) -> float:
    """How far apart two motions put ``points``, mean in mm."""
    return float(np.linalg.norm(first(points) - second(points), axis=1).mean())


def rotation_lattice(radius: float, step: float) -> npt.NDArray[np.float64]:
    """Rotation vectors (degrees) on a body-centred cubic lattice within ``radius``, the smallest first."""
    reach = int(np.ceil(radius / step)) + 1
    ticks = np.arange(-reach, reach + 1) * step
    cubic = np.stack(np.meshgrid(ticks, ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    lattice = np.concatenate([cubic, cubic + step / 2])
    length = np.linalg.norm(lattice, axis=1)
    order = np.argsort(length, kind="stable")
    inside: npt.NDArray[np.float64] = lattice[order][length[order] <= radius]
    return inside
