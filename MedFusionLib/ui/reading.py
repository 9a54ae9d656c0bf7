"""From the parameter node to choices, and back."""

from __future__ import annotations

from dataclasses import replace

from MedFusionLib.modality import MODALITIES
from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.mrml import Node, Scene
from MedFusionLib.ui.choices import Choices, VolumeChoice
from MedFusionLib.ui.decisions import suggested_inputs
from MedFusionLib.ui.parameter_node import (
    FIXED,
    MOVING,
    Parameters,
    Row,
    method_parameters,
    set_method_parameters,
)


def read_choices(parameters: Parameters) -> Choices:
    """What the parameter node says. Voxels are not looked at."""
    rows = [read_row(parameters, row) for row in MOVING]
    return Choices(
        fixed=read_row(parameters, FIXED),
        moving=tuple(row for row in rows if row is not None),
        has_mask=parameters.mask is not None,
        has_initial_transform=parameters.initial_transform is not None,
        fixed_points=_points(parameters.fixed_landmarks),
        moving_points=_points(parameters.moving_landmarks),
        registration=parameters.registration,
        transform=parameters.transform,
        preset=parameters.preset,
        continue_on_rejection=parameters.continue_on_rejection,
        method=parameters.method,
        parameters=method_parameters(parameters, parameters.method),
        plane=parameters.plane,
        device=parameters.device,
        output=_volume(parameters.output_volume) if parameters.output_volume is not None else None,
        compare_methods=tuple(parameters.compare_methods),
    )


def read_row(parameters: Parameters, row: Row) -> VolumeChoice | None:
    """The volume of one row, None where none is chosen."""
    node = parameters.getValue(row.volume)
    if node is None:
        return None
    modality = parameters.getValue(row.modality)
    volume = _volume(node)
    return replace(
        volume,
        modality=modality if modality in MODALITIES else volume.modality,
        colours=parameters.getValue(row.colours),
        window=parameters.getValue(row.window),
    )


def input_nodes(parameters: Parameters) -> list[Node]:
    """The chosen volume nodes, the fixed one first."""
    nodes = [parameters.getValue(row.volume) for row in (FIXED, *MOVING)]
    return [node for node in nodes if node is not None]


def write_choices(parameters: Parameters, choices: Choices) -> None:
    """Set everything of ``choices`` but the nodes, which a recipe does not know."""
    filled = [row for row in (FIXED, *MOVING) if parameters.getValue(row.volume) is not None]
    for row, volume in zip(filled, choices.volumes, strict=True):
        parameters.setValue(row.colours, volume.colours)
        parameters.setValue(row.window, volume.window)
    parameters.registration = choices.registration
    parameters.transform = choices.transform
    parameters.preset = choices.preset
    parameters.continue_on_rejection = choices.continue_on_rejection
    parameters.method = choices.method
    set_method_parameters(parameters, choices.method, choices.parameters)
    parameters.plane = choices.plane
    parameters.device = choices.device


def fill_inputs(scene: Scene, parameters: Parameters) -> None:
    """Fill an empty panel with the volumes of the scene, when it is plain which they are."""
    if input_nodes(parameters):
        return
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    nodes = [scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode") for index in range(count)]
    own = [_volume(node) for node in nodes if node.GetNodeReference(mark.RECORD) is None]
    usable = [volume for volume in own if volume.kind != "label map" and volume.shape]
    for row, volume in zip((FIXED, *MOVING), suggested_inputs(usable), strict=False):
        parameters.setValue(row.volume, scene.GetNodeByID(volume.identity))


def _volume(node: Node) -> VolumeChoice:
    """What is to be known of a volume node; its modality is guessed."""
    from MedFusionLib.scene.nodes import loop_above, modality_of_node

    parent = node.GetParentTransformNode()
    return VolumeChoice(
        name=node.GetName() or "volume",
        identity=node.GetID(),
        modality=modality_of_node(node),
        kind=_kind(node),
        shape=_shape(node),
        warped=parent is not None and loop_above(node) is None and not parent.IsTransformToWorldLinear(),
    )


def _points(node: Node | None) -> int | None:
    return None if node is None else int(node.GetNumberOfControlPoints())


def _kind(node: Node) -> str:
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        return "label map"
    data = node.GetImageData()
    return "colour" if data is not None and data.GetNumberOfScalarComponents() > 1 else "scalar"


def _shape(node: Node) -> tuple[int, ...]:
    data = node.GetImageData()
    return () if data is None else tuple(data.GetDimensions()[::-1])
