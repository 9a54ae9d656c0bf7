"""4 x 4 matrices between numpy and VTK."""

from __future__ import annotations

from typing import Any

import numpy as np

from MedFusionLib.geometry import Matrix


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
