"""Nodes as files and arguments for the command line, checked before anything is written."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedFusionLib.door import check
from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import LPS_TO_RAS
from MedFusionLib.outputs import file_stems
from MedFusionLib.recipe import Recipe
from MedFusionLib.registration.landmarks import fit
from MedFusionLib.registration.transforms import save
from MedFusionLib.scene.masks import mask_from_node
from MedFusionLib.scene.mrml import Node, Scene
from MedFusionLib.scene.nodes import volume_from_node
from MedFusionLib.scene.transforms import transform_from_node
from MedFusionLib.volume import Volume

RECIPE, MASK, INITIAL, LANDMARKS = "recipe.json", "mask.mha", "initial.h5", "landmarks.csv"


@dataclass(frozen=True)
class Inputs:
    """What a run takes from the scene: ``volumes`` (the fixed one first) with their ``modalities`` ("": as the node
    tells), a ``mask`` on the fixed volume (segmentation or label map), a transform node that shows the moving volume
    aligned, and markups of corresponding points (fixed, moving).
    """

    volumes: tuple[Node, ...]
    modalities: tuple[str, ...] = ()
    mask: Node | None = None
    initial: Node | None = None
    landmarks: tuple[Node, Node] | None = None


def read_volumes(scene: Scene, inputs: Inputs) -> tuple[Volume, ...]:
    """The volumes of the nodes; raises ``BadInput`` for nodes that no run can use."""
    nodes = inputs.volumes
    for index, node in enumerate(nodes):
        _check(scene, node)
        if any(node is other for other in nodes[:index]):
            raise BadInput(f"volume '{node.GetName()}' is given twice", "Choose two different volumes of the patient")
    if len(inputs.modalities) > len(nodes):
        raise BadInput(f"{len(inputs.modalities)} modalities for {len(nodes)} volumes", "Give one for each")
    modalities = (*inputs.modalities, *[""] * len(nodes))
    volumes = tuple(volume_from_node(node, modality) for node, modality in zip(nodes, modalities, strict=False))
    for volume in volumes:
        check(volume)
    return volumes


def export(inputs: Inputs, volumes: Sequence[Volume], recipe: Recipe, folder: Path) -> list[str]:
    """Write ``volumes`` and what else the run needs into ``folder``; returns the arguments that name it.

    Paths are relative to ``folder``, so that a record tells nothing of this machine.
    """
    recipe = _with_files(recipe, inputs, volumes[0], folder)
    (folder / RECIPE).write_text(recipe.to_json(), encoding="utf-8")
    return [*write_volumes(volumes, folder), f"--recipe={RECIPE}"]


def write_volumes(volumes: Sequence[Volume], folder: Path) -> list[str]:
    """Write ``volumes`` into ``folder``; returns the arguments that name them and say what their files do not."""
    arguments = []
    for volume, stem in zip(volumes, file_stems([volume.name for volume in volumes]), strict=True):
        # MetaImage keeps spacing, origin and axes apart, so that they come back to the last bit.
        path = folder / f"{stem}.mha"
        sitk.WriteImage(volume.image, str(path), useCompression=False)
        arguments.append(f"./{path.name}")
    for volume in volumes:
        # Whether a CT is in Hounsfield units its values tell, to the command line as for any file.
        unit = "" if volume.unit == "HU" else volume.unit
        arguments += [f"--name={volume.name}", f"--modality={volume.modality}", f"--unit={unit}",
                      f"--frame-of-reference={volume.frame_of_reference}"]
    return arguments


def _check(scene: Scene, node: Node | None) -> None:
    """Refuse what is no volume with an image, or is in no scene or another."""
    if node is None:
        raise BadInput("a volume is missing", "Choose a fixed volume and at least one moving volume")
    name = node.GetName()
    if not node.IsA("vtkMRMLVolumeNode"):
        raise BadInput(f"'{name}' is a {node.GetClassName()}, not a volume", "Choose a volume")
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise BadInput(f"'{name}' is a label map, not an image", "Use it as the mask, and choose a scalar volume")
    if node.GetScene() is not scene:
        raise BadInput(f"volume '{name}' is not in the scene", "Add it, or choose another")


def _with_files(recipe: Recipe, inputs: Inputs, fixed: Volume, folder: Path) -> Recipe:
    """The recipe that names the mask, the initial transform and the landmarks, which are written to ``folder``."""
    changes: dict[str, str] = {}
    if inputs.mask is not None:
        sitk.WriteImage(mask_from_node(inputs.mask, fixed).image, str(folder / MASK), useCompression=False)
        changes["fixed_mask"] = MASK
    if inputs.landmarks is not None:
        settings = recipe.settings
        _write_landmarks(*inputs.landmarks, settings.transform if settings.method == "landmarks" else "rigid",
                         folder / LANDMARKS)
        changes["landmarks"] = LANDMARKS
        changes["initial"] = "landmarks"
    if inputs.initial is not None:
        _check_initial(inputs.initial, inputs.volumes[1:])
        save(transform_from_node(inputs.initial), folder / INITIAL)
        changes["initial"] = INITIAL
    return recipe.with_registration(**changes) if changes else recipe


def _check_initial(node: Node, moving: Sequence[Node]) -> None:
    """Refuse an initial transform that would count twice or not wholly."""
    if not node.IsA("vtkMRMLTransformNode"):
        raise BadInput(f"'{node.GetName()}' is a {node.GetClassName()}, not a transform", "Choose a transform node")
    above = node.GetParentTransformNode()
    if above is not None:
        raise BadInput(f"the initial transform '{node.GetName()}' stands below '{above.GetName()}'", "Harden it first")
    for volume in moving:
        if volume.GetParentTransformNode() is node:
            raise BadInput(f"'{volume.GetName()}' stands below the initial transform '{node.GetName()}' already",
                           "Leave the initial transform out: what stands above a volume counts")


def _write_landmarks(fixed: Node, moving: Node, kind: str, path: Path) -> None:
    """Pairs of points as rows of fixed x, y, z and moving x, y, z (LPS, mm, in the world).

    Raises ``BadInput`` for points that do not determine a transform of ``kind``.
    """
    points = [_points(node) for node in (fixed, moving)]
    if len(points[0]) != len(points[1]) or not len(points[0]):
        raise BadInput(
            f"'{fixed.GetName()}' has {len(points[0])} points and '{moving.GetName()}' {len(points[1])}: no pairs",
            "Place the same points in both volumes, in the same order",
        )
    try:
        # A thin-plate spline needs what an affine transform needs.
        fit("affine" if kind == "bspline" else kind, *points)
    except BadInput as error:
        raise BadInput(f"'{fixed.GetName()}' and '{moving.GetName()}': {error.what}", error.mend) from None
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(np.hstack(points).tolist())


def _points(node: Node) -> np.ndarray:
    """The points of a markups node that are placed, shape (n, 3), LPS, mm."""
    if not node.IsA("vtkMRMLMarkupsNode"):
        raise BadInput(f"'{node.GetName()}' is a {node.GetClassName()}, not a list of points", "Choose markups")
    placed = [index for index in range(node.GetNumberOfControlPoints())
              if node.GetNthControlPointPositionStatus(index) == node.PositionDefined]
    ras = np.array([node.GetNthControlPointPositionWorld(index) for index in placed], float).reshape(-1, 3)
    return np.asarray(ras @ LPS_TO_RAS[:3, :3])


def alive(scene: Scene, nodes: Sequence[Node]) -> tuple[Node | None, ...]:
    """The ``nodes``, None for those that have left ``scene``."""
    return tuple(node if node.GetScene() is scene else None for node in nodes)


def with_choices(
    recipe: Recipe | None,
    method: str | None = None,
    registration: str | None = None,
    transform: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Recipe:
    """``recipe`` (None: the default) with the choices that are given; a new method starts at its defaults."""
    recipe = recipe or Recipe()
    if method is not None and method != recipe.method:
        recipe = replace(recipe, method=method, parameters={})
    if parameters is not None:
        recipe = replace(recipe, parameters=parameters)
    if registration is not None:
        recipe = recipe.with_registration(method=registration.lower())
    # A dict goes through the checks of a recipe file; values are named in the error.
    changed = recipe.with_registration(transform=transform) if transform is not None else recipe
    return Recipe.from_dict(changed.as_dict())
