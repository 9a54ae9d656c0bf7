"""Transform nodes of MRML to SimpleITK transforms and back.

A registration's transform takes points of the fixed volume to the moving one (LPS, as ITK resamples).
A Slicer user expects the opposite of a transform node: put the moving volume below it and it shows
aligned, so its "to parent" is moving to fixed (RAS), and its "from parent" is the registration's.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import LPS_TO_RAS, Matrix, one_line
from MedFusionLib.registration.transforms import affine, as_affine, compose, load, save
from MedFusionLib.scene.matrices import from_vtk, to_vtk
from MedFusionLib.scene.mrml import Node, Scene, mrml

_SINGULAR = 1e-9  # of a determinant, which is a ratio of volumes


def node_from_transform(scene: Scene, transform: sitk.Transform, name: str) -> Node:
    """A node in ``scene`` that shows the moving volume aligned when the volume is put below it.

    A linear ``transform`` makes a vtkMRMLLinearTransformNode; B-splines, displacement fields and
    composites make a vtkMRMLTransformNode, by the code with which Slicer reads them from a file.
    Raises ``BadInput`` for a transform that Slicer cannot hold (a B-spline of an order other than 3).
    """
    simple = compose([transform], transform.GetDimension())
    kind = "vtkMRMLLinearTransformNode" if simple.IsLinear() else "vtkMRMLTransformNode"
    node = scene.AddNewNodeByClass(kind, scene.GenerateUniqueName(name))
    if simple.IsLinear():
        ras = LPS_TO_RAS @ _matrix(simple) @ LPS_TO_RAS
        node.SetMatrixTransformFromParent(to_vtk(ras))
        return node
    with TemporaryDirectory(prefix="medfusion-") as folder:
        if not _storage(save(simple, Path(folder, "transform.h5"))).ReadData(node):
            scene.RemoveNode(node)
            raise BadInput(f"Slicer cannot hold the transform '{name}' ({transform.GetName()})",
                           "Use a linear transform, a cubic B-spline or a displacement field")
    return node


def transform_from_node(node: Node) -> sitk.Transform:
    """The transform that takes points of the fixed volume to the moving one (LPS, mm), from a node that
    shows the moving volume aligned. Transforms above the node are not counted; the node is not changed.

    Raises ``BadInput`` for a non-linear node that holds the opposite direction, of which only an
    approximation is known, for a thin-plate spline, and for a linear one without an inverse.
    """
    # A composite of linear transforms, as a hardened or loaded node may hold, calls itself linear without a matrix.
    if node.IsLinear() and node.GetTransformFromParentAs("vtkTransform", False) is not None:
        _refuse_singular(node)
        lps = LPS_TO_RAS @ from_vtk(node.GetMatrixTransformFromParent) @ LPS_TO_RAS
        return affine(lps[:3, :3], lps[:3, 3])
    with TemporaryDirectory(prefix="medfusion-") as folder:
        path = Path(folder, "transform.h5")
        if _storage(path).WriteData(node):
            try:
                return compose([load(path)])
            except BadInput:
                pass  # what SimpleITK cannot read is refused below
    raise BadInput(f"transform '{node.GetName()}' holds a thin-plate spline or the inverse of a non-linear transform",
                   "Convert it to a grid in Slicer's Transforms module, then use that one")


def _refuse_singular(node: Node) -> None:
    matrix = from_vtk(node.GetMatrixTransformToParent)
    # VTK gives some matrix as the inverse of one that has none.
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < _SINGULAR:
        raise BadInput(f"transform '{node.GetName()}' is singular ({one_line(matrix[:3, :3])})",
                       "Reset it in Slicer's Transforms module, or choose another")


def _matrix(linear: sitk.Transform) -> Matrix:
    """The LPS matrix of a linear transform in two or three dimensions, embedded in three."""
    exact, dimension = as_affine(linear), linear.GetDimension()
    matrix = np.eye(4)
    matrix[:dimension, :dimension] = np.reshape(exact.GetMatrix(), (dimension, dimension))
    matrix[:dimension, 3] = exact.GetTranslation()
    return matrix


def _storage(path: Path) -> Node:
    """A storage node of its own, so that the caller's node and scene stay as they are."""
    storage = mrml().vtkMRMLTransformStorageNode()
    storage.SetFileName(str(path))
    return storage
