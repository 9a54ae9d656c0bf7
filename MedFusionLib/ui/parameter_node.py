"""The parameter node: every choice of the panel, saved with the scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from slicer import (
    vtkMRMLLabelMapVolumeNode,
    vtkMRMLMarkupsFiducialNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
    vtkMRMLTableNode,
    vtkMRMLTextNode,
    vtkMRMLTransformNode,
)
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from MedFusionLib.fusion.automatic import AUTO

# The parameter node is an object that parameterNodeWrapper makes: its attributes are those of the class below.
Parameters = Any
MODULE = "MedFusion"


class Row(NamedTuple):
    """One row of Inputs: the names of its parameters. Widgets are called after ``prefix``."""

    prefix: str
    volume: str

    @property
    def modality(self) -> str:
        """The name of the parameter that holds the chosen modality, "" for the guessed one."""
        return f"{self.prefix}_modality"

    @property
    def colours(self) -> str:
        """The name of the parameter that holds the colour map, "" for the modality's."""
        return f"{self.prefix}_colours"

    @property
    def window(self) -> str:
        """The name of the parameter that holds the window, "" for the modality's."""
        return f"{self.prefix}_window"


FIXED = Row("fixed", "fixed_volume")
MOVING = tuple(Row(f"moving{number}", f"moving{number}") for number in (1, 2, 3, 4))
ROWS = (FIXED, *MOVING)


@parameterNodeWrapper
class MedFusionParameterNode:
    """What the panel's widgets show. Empty text means: the default, or what is guessed.

    ``method_parameters`` is JSON: by method, the parameters that are not at their defaults. ``last_record``,
    ``fused_volume`` and ``metrics_table`` are the last run's; ``compare_table`` and ``compare_record`` the last
    comparison's.
    """

    fixed_volume: vtkMRMLScalarVolumeNode
    fixed_modality: str
    fixed_colours: str
    fixed_window: str
    moving1: vtkMRMLScalarVolumeNode
    moving1_modality: str
    moving1_colours: str
    moving1_window: str
    moving2: vtkMRMLScalarVolumeNode
    moving2_modality: str
    moving2_colours: str
    moving2_window: str
    moving3: vtkMRMLScalarVolumeNode
    moving3_modality: str
    moving3_colours: str
    moving3_window: str
    moving4: vtkMRMLScalarVolumeNode
    moving4_modality: str
    moving4_colours: str
    moving4_window: str
    mask: vtkMRMLSegmentationNode | vtkMRMLLabelMapVolumeNode | None
    initial_transform: vtkMRMLTransformNode
    fixed_landmarks: vtkMRMLMarkupsFiducialNode
    moving_landmarks: vtkMRMLMarkupsFiducialNode
    registration: str = "auto"
    transform: str = "rigid"
    preset: str = "standard"
    continue_on_rejection: bool = False
    method: str = AUTO
    method_parameters: str = "{}"
    plane: str
    device: str = "auto"
    output_volume: vtkMRMLScalarVolumeNode
    compare_methods: list[str]
    blend: Annotated[float, WithinRange(0.0, 1.0)] = 1.0
    last_record: vtkMRMLTextNode
    fused_volume: vtkMRMLScalarVolumeNode
    metrics_table: vtkMRMLTableNode
    compare_record: vtkMRMLTextNode
    compare_table: vtkMRMLTableNode


def parameter_node() -> Parameters:
    """The scene's parameter node of this module, made when it has none."""
    keeper = ScriptedLoadableModuleLogic()
    keeper.moduleName = MODULE
    wrapped: Any = MedFusionParameterNode
    return wrapped(keeper.getParameterNode())


def method_parameters(parameters: Parameters, method: str) -> dict[str, Any]:
    """The parameters that were set for ``method``; none when the text is no JSON."""
    values = _all_parameters(parameters).get(method, {})
    return dict(values) if isinstance(values, Mapping) else {}


def set_method_parameters(parameters: Parameters, method: str, values: Mapping[str, Any]) -> None:
    """Keep ``values`` as what was set for ``method``."""
    every = {**_all_parameters(parameters), method: dict(values)}
    parameters.method_parameters = json.dumps({name: entry for name, entry in every.items() if entry})


def _all_parameters(parameters: Parameters) -> dict[str, Any]:
    try:
        every = json.loads(parameters.method_parameters or "{}")
    except json.JSONDecodeError:
        return {}
    return every if isinstance(every, dict) else {}
