"""The scene wing: MRML nodes to volumes and back, results into a scene, scenes as files.

The names are loaded when first used: importing this package needs neither Slicer nor MRML.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from MedFusionLib.scene.bundle import open_scene, write_scene
    from MedFusionLib.scene.logic import MedFusionLogic
    from MedFusionLib.scene.nodes import node_from_volume, volume_from_node
    from MedFusionLib.scene.result import SceneResult, add_result
    from MedFusionLib.scene.transforms import node_from_transform, transform_from_node

__all__ = [
    "MedFusionLogic",
    "SceneResult",
    "add_result",
    "node_from_transform",
    "node_from_volume",
    "open_scene",
    "transform_from_node",
    "volume_from_node",
    "write_scene",
]

_HOME = {
    "MedFusionLogic": "logic",
    "SceneResult": "result",
    "add_result": "result",
    "node_from_transform": "transforms",
    "node_from_volume": "nodes",
    "open_scene": "bundle",
    "transform_from_node": "transforms",
    "volume_from_node": "nodes",
    "write_scene": "bundle",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'MedFusionLib.scene' has no attribute '{name}'")
    return getattr(import_module(f"MedFusionLib.scene.{_HOME[name]}"), name)
