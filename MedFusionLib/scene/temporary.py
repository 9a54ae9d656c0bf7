"""Nodes that a program needs for a moment: hidden, never saved, not in the subject hierarchy, removed together."""

from __future__ import annotations

from pathlib import Path

from MedFusionLib.errors import RegistrationFailed
from MedFusionLib.scene.mrml import Node, Scene, mrml


class TemporaryNodes:
    """Makes such nodes in ``scene`` and remembers them for ``remove``."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.nodes: list[Node] = []

    def volume(self, path: str, kind: str = "vtkMRMLScalarVolumeNode") -> Node:
        """A volume node of the class ``kind`` with the voxels and the very grid of the file ``path``."""
        storage = mrml().vtkMRMLVolumeArchetypeStorageNode()
        # Slicer 5.13 would turn the axes of a left-handed grid.
        if hasattr(storage, "SetForceRightHandedIJKCoordinateSystem"):
            storage.SetForceRightHandedIJKCoordinateSystem(False)
        return self._read(kind, path, storage)

    def label(self, path: str) -> Node:
        """The same as a label map."""
        return self.volume(path, "vtkMRMLLabelMapVolumeNode")

    def transform(self, path: str) -> Node:
        """A vtkMRMLTransformNode with the transform of the ITK file ``path``."""
        return self._read("vtkMRMLTransformNode", path, mrml().vtkMRMLTransformStorageNode())

    def empty(self, kind: str) -> Node:
        """A node of the class ``kind`` with nothing in it."""
        node = self.scene.CreateNodeByClass(kind)
        node.UnRegister(None)
        # Before it is added: neither node selectors nor the subject hierarchy look at these flags again later.
        self.hide(node)
        return self.scene.AddNode(node)

    def hide(self, node: Node) -> None:
        """Take a node that another maker put into the scene as one of these."""
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        self.nodes.append(node)

    def remove(self) -> None:
        """Remove the nodes that are still in the scene, with what readers have attached to them."""
        while self.nodes:
            node = self.nodes.pop()
            for one in (*_attached(node), node):
                if one.GetScene() is self.scene:
                    self.scene.RemoveNode(one)

    def _read(self, kind: str, path: str, storage: Node) -> Node:
        node = self.empty(kind)
        storage.SetFileName(path)
        if not storage.ReadData(node):
            raise RegistrationFailed(f"Slicer cannot read '{Path(path).name}'")
        return node


def _attached(node: Node) -> list[Node]:
    """The display and storage nodes of ``node``."""
    found = [node.GetStorageNode()] if node.IsA("vtkMRMLStorableNode") else []
    if node.IsA("vtkMRMLDisplayableNode"):
        found += [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
    return [one for one in found if one is not None]
