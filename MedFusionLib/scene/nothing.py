"""All or nothing: what a failure has half added to a scene goes again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from MedFusionLib.scene.mrml import Node, Scene

_VIEWS = ("vtkMRMLSliceCompositeNode", "vtkMRMLSliceNode", "vtkMRMLSelectionNode")


@contextmanager
def all_or_nothing(scene: Scene) -> Iterator[None]:
    """When the ``with`` fails, remove the nodes and folders that were added inside it, newest first, and let the
    views show what they showed.
    """
    before = {node.GetID() for node in _nodes(scene)}
    items = set(_items(_tree(scene)))
    views = [(node, _copy(node), _references(node)) for node in _nodes(scene) if node.GetClassName() in _VIEWS]
    scene.StartState(scene.BatchProcessState)
    try:
        yield
    except BaseException:
        # The views first: Slicer gives a volume that is shown a new display node as soon as its own goes.
        for node, copy, references in views:
            if node.GetScene() is scene:
                node.CopyContent(copy)
                _refer_again(node, references)
        tree = _tree(scene)
        for item in reversed(_items(tree)):
            if item not in items:
                tree.RemoveItem(item, False, False)
        for node in reversed(_nodes(scene)):
            if node.GetID() not in before and node.GetScene() is scene:
                scene.RemoveNode(node)
        raise
    finally:
        scene.EndState(scene.BatchProcessState)


def _nodes(scene: Scene) -> list[Node]:
    return [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]


def _copy(node: Node) -> Node:
    """A node of the same class and content, in no scene."""
    copy = node.CreateNodeInstance()
    copy.UnRegister(None)
    copy.CopyContent(node)
    return copy


def _references(node: Node) -> dict[str, list[str]]:
    """The IDs that ``node`` refers to, by role."""
    roles = [node.GetNthNodeReferenceRole(index) for index in range(node.GetNumberOfNodeReferenceRoles())]
    return {role: [node.GetNthNodeReferenceID(role, index) for index in range(node.GetNumberOfNodeReferences(role))]
            for role in roles}


def _refer_again(node: Node, references: Mapping[str, list[str]]) -> None:
    """Let ``node`` refer to ``references`` and nothing else. (CopyReferences would add them once more.)"""
    for role, now in _references(node).items():
        before = references.get(role, [])
        for index in reversed(range(len(before), len(now))):
            node.RemoveNthNodeReferenceID(role, index)
        for index, identity in enumerate(before):
            if now[index:index + 1] != [identity]:
                node.SetNthNodeReferenceID(role, index, identity)


def _tree(scene: Scene) -> Node:
    """The subject hierarchy; None where there is none yet, for looking must not make one."""
    return scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")


def _items(tree: Node) -> list[int]:
    """The items of the subject hierarchy ``tree``, parents before children."""
    from vtkmodules.vtkCommonCore import vtkIdList

    if tree is None:
        return []
    found = vtkIdList()
    tree.GetItemChildren(tree.GetSceneItemID(), found, True)
    return [found.GetId(index) for index in range(found.GetNumberOfIds())]
