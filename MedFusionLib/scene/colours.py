"""Colour nodes: MedFusion's colour maps as tables that travel with the scene."""

from __future__ import annotations

from MedFusionLib.colour import colour_table
from MedFusionLib.scene.mrml import Node, Scene
from MedFusionLib.scene.vocabulary import COLOURS

GREY = "vtkMRMLColorTableNodeGrey"  # Slicer makes this node at start; it is never saved with a scene


def colour_node_id(scene: Scene, name: str) -> str:
    """The ID of the colour node for the colour map ``name``; made when the scene has none yet.

    "grey" is Slicer's own node. The others are of MedFusion, so that the colours in the slice views are
    those that the fusion used. Raises ``BadInput`` for an unknown colour map.
    """
    if name == "grey":
        return GREY
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLColorTableNode")
        if node.GetAttribute(COLOURS) == name:
            return str(node.GetID())
    return str(_new_table(scene, name).GetID())


def _new_table(scene: Scene, name: str) -> Node:
    table = colour_table(name) / 255.0
    node = scene.AddNewNodeByClass("vtkMRMLColorTableNode", scene.GenerateUniqueName(name))
    node.SetTypeToUser()
    node.SetNumberOfColors(len(table))
    for index, (red, green, blue) in enumerate(table):
        node.SetColor(index, f"{index}", float(red), float(green), float(blue), 1.0)
    node.SetAttribute(COLOURS, name)
    node.SetDescription(f"MedFusion's colour map '{name}'")
    # A hidden node would not be offered in the Volumes module.
    node.SetHideFromEditors(False)
    node.SetSaveWithScene(True)
    node.AddDefaultStorageNode()
    return node
