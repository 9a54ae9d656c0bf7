"""The result of a run as nodes of a scene: volumes, transforms, metrics, record, and who came from whom."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from MedFusionLib.errors import BadInput
from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.colours import GREY, colour_node_id
from MedFusionLib.scene.display import set_display, show
from MedFusionLib.scene.mrml import Node, Scene, mrml
from MedFusionLib.scene.nodes import node_from_volume
from MedFusionLib.scene.nothing import all_or_nothing
from MedFusionLib.scene.texts import table_node, text_node
from MedFusionLib.scene.transforms import node_from_transform

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Fusion, Result
    from MedFusionLib.registration.settings import Verdict


@dataclass(frozen=True)
class SceneResult:
    """The nodes of one run, in the order of the result's sources: the fixed one first.

    The fixed volume has no transform and no verdict, nor has what was taken as registered; a source or an original
    that has left the scene is None. ``folder`` is the item of the subject hierarchy that holds the nodes. The names
    in mixed case are Slicer's way of writing the others.
    """

    sources: tuple[Node | None, ...]
    originals: tuple[Node | None, ...]
    transforms: tuple[Node | None, ...]
    fused: tuple[Node, ...]
    metrics: Node | None
    record: Node
    folder: int
    verdicts: tuple[Verdict | None, ...]

    @property
    def fusedVolume(self) -> Node:
        """The fused volume's node; of several, the last."""
        return self.fused[-1]

    @property
    def fusedVolumes(self) -> tuple[Node, ...]:
        """The nodes of all fused volumes."""
        return self.fused

    @property
    def metricsTable(self) -> Node | None:
        """The table node with a row of metrics for each fused volume; None where none were asked for."""
        return self.metrics


def add_result(scene: Scene, result: Result, inputs: Sequence[Node | None] = ()) -> SceneResult:
    """Add the nodes of ``result`` to ``scene``, in one folder of the subject hierarchy, and show them.

    ``inputs`` are the nodes that the originals came from, in the order of the sources, None for one that is gone.
    They are referred to and never changed; the fixed volume serves as its own source. Without them the moving
    originals are added below their transforms, because a scene outside Slicer has nothing else to put there. A
    failure leaves no node behind. Raises ``BadInput`` for inputs that do not fit the result.
    """
    if inputs and len(inputs) != len(result.sources):
        raise BadInput(f"{len(inputs)} input nodes for {len(result.sources)} sources", "Give one node for each")
    with all_or_nothing(scene):
        record = text_node(scene, result.record.to_json(), "MedFusion record")
        sources = _sources(scene, result, inputs)
        transforms = _transforms(scene, result)
        originals = tuple(inputs) or _originals(scene, result, sources, transforms)
        metrics = _metrics(scene, result, sources)
        fused = tuple(_fused(scene, result, fusion, sources, transforms, metrics) for fusion in result.fusions)
        _refer(sources, originals, transforms)
        every = [*sources, *originals, *transforms, *fused, metrics]
        own = [node for node in dict.fromkeys(every) if node is not None and node not in inputs]
        for node in own:
            node.SetNodeReferenceID(mark.RECORD, record.GetID())
        folder = _folder(scene, [record, *own], result)
        show(scene, sources[0] or fused[-1], fused[-1])
    verdicts = tuple(entry.verdict if entry else None for entry in result.registrations)
    return SceneResult(sources, originals, transforms, fused, metrics, record, folder, verdicts)


def _is_original(result: Result, index: int) -> bool:
    """Whether source ``index`` is the volume as it was read: the fixed one, or a registered picture."""
    return result.sources[index] is result.originals[index]


def _sources(scene: Scene, result: Result, inputs: Sequence[Node | None]) -> tuple[Node | None, ...]:
    nodes: list[Node | None] = []
    for index, volume in enumerate(result.sources):
        if inputs and _is_original(result, index):
            nodes.append(inputs[index])
            continue
        name = volume.name if _is_original(result, index) else f"{volume.name} aligned"
        nodes.append(_source(scene, result, index, node_from_volume(scene, volume, name)))
    return tuple(nodes)


def _source(scene: Scene, result: Result, index: int, node: Node) -> Node:
    """Window and colours of source ``index`` on ``node``."""
    window = result.windows[index]
    # A colour picture has its own colours: no map goes with it.
    colours = GREY if result.sources[index].is_colour else colour_node_id(scene, result.colour_maps[index])
    set_display(node, window.lower, window.upper, colours)
    return node


def _transforms(scene: Scene, result: Result) -> tuple[Node | None, ...]:
    fixed = result.sources[0].name
    nodes: list[Node | None] = []
    for volume, registration in zip(result.sources, result.registrations, strict=True):
        if registration is None:
            nodes.append(None)
            continue
        node = node_from_transform(scene, registration.transform, f"{volume.name} to {fixed}")
        describe_transform(node, registration.engine, registration.verdict)
        nodes.append(node)
    return tuple(nodes)


def describe_transform(node: Node, engine: str, verdict: Verdict) -> None:
    """Let the transform ``node`` tell which ``engine`` found it and the ``verdict`` on it."""
    node.SetAttribute(mark.VERDICT, verdict.decision)
    node.SetDescription(f"Registration by {engine}, {verdict.decision}: {'; '.join(verdict.reasons)}")


def _originals(scene: Scene, result: Result, sources: tuple[Node | None, ...],
               transforms: tuple[Node | None, ...]) -> tuple[Node | None, ...]:
    """Nodes of the volumes as they were read, the moving ones below their transforms."""
    nodes = []
    for index, (source, transform) in enumerate(zip(sources, transforms, strict=True)):
        if _is_original(result, index):
            nodes.append(source)
            continue
        node = _source(scene, result, index, node_from_volume(scene, result.originals[index]))
        if transform is not None:
            node.SetAndObserveTransformNodeID(transform.GetID())
        nodes.append(node)
    return tuple(nodes)


def _metrics(scene: Scene, result: Result, sources: tuple[Node | None, ...]) -> Node | None:
    if not any(fusion.metrics for fusion in result.fusions):
        return None
    rows = [{"fused": fusion.name, "method": fusion.method, **fusion.metrics} for fusion in result.fusions]
    node = table_node(scene, rows, "MedFusion metrics")
    for source in filter(None, sources):
        node.AddNodeReferenceID(mark.SOURCE, source.GetID())
    return node


def _fused(scene: Scene, result: Result, fusion: Fusion, sources: tuple[Node | None, ...],
           transforms: tuple[Node | None, ...], metrics: Node | None) -> Node:
    node = node_from_volume(scene, fusion.volume)
    # A fused volume is no acquisition: 8-bit colours or grey in [0, 1].
    set_display(node, 0.0, 255.0 if fusion.volume.is_colour else 1.0, GREY)
    node.SetAttribute(mark.PURPOSE, mark.FOR_LOOKING)
    node.SetAttribute(mark.METHOD, fusion.method)
    node.SetDescription(f"{fusion.name} fused by {fusion.method}: {mark.FOR_LOOKING}. Read HU and SUV from the "
                        "sources.")
    windows = []
    for index in fusion.sources:
        source, transform = sources[index], transforms[index]
        if source is not None:
            node.AddNodeReferenceID(mark.SOURCE, source.GetID())
            windows.append([result.windows[index].lower, result.windows[index].upper])
        if transform is not None:
            node.AddNodeReferenceID(mark.TRANSFORM, transform.GetID())
    node.SetAttribute(mark.WINDOWS, json.dumps(windows))
    if metrics is not None:
        node.SetNodeReferenceID(mark.METRICS, metrics.GetID())
    return node


def _refer(sources: tuple[Node | None, ...], originals: tuple[Node | None, ...],
           transforms: tuple[Node | None, ...]) -> None:
    """From each aligned source and its transform to the volume as it was read and to the fixed one."""
    fixed = originals[0]
    for source, original, transform in zip(sources, originals, transforms, strict=True):
        if source is None or source is original:
            continue
        if transform is not None:
            source.SetNodeReferenceID(mark.TRANSFORM, transform.GetID())
        for node in filter(None, (source, transform)):
            for role, target in ((mark.ORIGINAL, original), (mark.FIXED, fixed)):
                if target is not None:
                    node.SetNodeReferenceID(role, target.GetID())


def _folder(scene: Scene, nodes: list[Node], result: Result) -> int:
    """A folder of the subject hierarchy with ``nodes``; an original shows below its transform."""
    tree = mrml().vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    names = " + ".join(volume.name for volume in result.sources)
    folder = int(tree.CreateFolderItem(tree.GetSceneItemID(), f"MedFusion: {names}"))
    for node in nodes:
        parent = node.GetParentTransformNode() if node.IsA("vtkMRMLTransformableNode") else None
        item = tree.GetItemByDataNode(parent) if parent is not None else 0
        tree.CreateItem(item or folder, node)
    return folder
