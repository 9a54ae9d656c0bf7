"""4 x 4 matrices between numpy and VTK."""

from __future__ import annotations

from typing import Any

import numpy as np

from MedFusionLib.geometry import Matrix
from MedFusionLib.scene.mrml import Node


def to_vtk(matrix: Matrix) -> Any:
    """``matrix`` as a vtkMatrix4x4."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    result = vtkMatrix4x4()
    result.DeepCopy(matrix.ravel().tolist())
    return result


def from_vtk(fill: Any) -> Matrix:
    """The matrix that ``fill`` writes into the vtkMatrix4x4 it is called with, as MRML's getters do."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    matrix = vtkMatrix4x4()
    fill(matrix)
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def to_world(transform: Node) -> Matrix:
    """The matrix from below the transform node to the world (RAS, mm), which must be linear.

    Taken from points, because MRML gives the identity for a composite of linear transforms, such as elastix writes.
    """
    from vtkmodules.vtkCommonTransforms import vtkGeneralTransform

    general = vtkGeneralTransform()
    transform.GetTransformToWorld(general)
    origin = np.array(general.TransformPoint(0.0, 0.0, 0.0))
    matrix = np.eye(4)
    for axis in range(3):
        # Images of points 1 m away keep the rounding of the difference small.
        matrix[:3, axis] = (np.array(general.TransformPoint(*(1e3 * matrix[:3, axis]))) - origin) / 1e3
    matrix[:3, 3] = origin
    return matrix
