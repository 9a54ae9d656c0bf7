"""An existing volume node that takes the result: its voxels, geometry, looks and references are replaced."""

from __future__ import annotations

from MedFusionLib.errors import BadInput
from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.mrml import Node, Scene

_ROLES = (mark.SOURCE, mark.TRANSFORM, mark.RECORD, mark.METRICS)


def put_into(scene: Scene, existing: Node, fused: Node) -> Node:
    """Move all that ``fused`` holds into ``existing``, remove ``fused``, and return ``existing``.

    The node keeps its name, its ID and its place in the subject hierarchy; it no longer lies below a transform,
    since the result is in world coordinates. Raises ``BadInput`` when it is of another class; then nothing is changed.
    """
    if existing.GetClassName() != fused.GetClassName():
        raise BadInput(f"volume '{existing.GetName()}' cannot hold the result: it is a {existing.GetClassName()}, the "
                       f"result is a {fused.GetClassName()}", "Choose a new output volume")
    modified = existing.StartModify()
    existing.SetAndObserveTransformNodeID(None)
    existing.CopyContent(fused, False)
    for name in fused.GetAttributeNames():
        existing.SetAttribute(name, fused.GetAttribute(name))
    existing.SetDescription(fused.GetDescription())
    for role in _ROLES:
        existing.RemoveNodeReferenceIDs(role)
        for index in range(fused.GetNumberOfNodeReferences(role)):
            existing.AddNodeReferenceID(role, fused.GetNthNodeReferenceID(role, index))
    existing.CreateDefaultDisplayNodes()
    existing.GetDisplayNode().CopyContent(fused.GetDisplayNode())
    existing.EndModify(modified)
    scene.RemoveNode(fused)
    return existing
