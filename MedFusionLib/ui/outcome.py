"""The nodes of the last run, found through the parameter node: also after the scene was saved and opened again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.mrml import Node, Scene

if TYPE_CHECKING:
    from MedFusionLib.ui.parameter_node import Parameters


@dataclass(frozen=True)
class Outcome:
    """What is left of a run in the scene: nodes that were removed are None or left out."""

    record: Mapping[str, Any]
    fused: Node | None
    sources: tuple[Node, ...]
    metrics: Node | None

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """The fixed volume with each one aligned to it, to be checked; none once the fixed one is gone."""
        fixed = [source.GetNodeReference(mark.FIXED) for source in self.sources]
        return [(node, moved) for node, moved in zip(fixed, self.sources, strict=True) if node is not None]


def last_outcome(scene: Scene, parameters: Parameters) -> Outcome:
    """The last run as far as its nodes are in ``scene``."""
    fused = present(scene, parameters.fused_volume)
    return Outcome(
        record_data(present(scene, parameters.last_record)),
        fused,
        references(scene, fused, mark.SOURCE),
        present(scene, parameters.metrics_table),
    )


def present(scene: Scene, node: Node | None) -> Node | None:
    """``node`` if it is in ``scene``; a parameter may still hold one that was removed."""
    return node if node is not None and scene.IsNodePresent(node) else None


def references(scene: Scene, node: Node | None, role: str) -> tuple[Node, ...]:
    """The nodes that ``node`` refers to as ``role``, as far as they are there."""
    if node is None:
        return ()
    nodes = [node.GetNthNodeReference(role, index) for index in range(node.GetNumberOfNodeReferences(role))]
    return tuple(entry for entry in nodes if present(scene, entry) is not None)


def record_data(node: Node | None) -> Mapping[str, Any]:
    """The record in a text node as plain data; empty when there is none."""
    try:
        data = json.loads(node.GetText()) if node is not None else {}
    except json.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}
