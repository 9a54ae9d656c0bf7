""""Copy as Python": the panel's choices as lines for the Python console."""

from __future__ import annotations

from collections.abc import Mapping
from pprint import pformat

from MedFusionLib.recipe import Recipe
from MedFusionLib.ui.choices import Choices
from MedFusionLib.ui.recipes import differences


def python_text(choices: Choices, recipe: Recipe, nodes: Mapping[str, str]) -> str:
    """Lines that do in the console what Apply does.

    ``nodes`` maps keywords of ``MedFusionLogic.fuse`` (mask, initialTransform, fixedLandmarks, movingLandmarks) to
    the names of the chosen nodes.
    """
    if choices.fixed is None:
        return ""
    moving = ", ".join(_node(volume.name) for volume in choices.moving)
    arguments = [_node(choices.fixed.name), f"[{moving}]", "recipe",
                 f"modalities={[volume.modality for volume in choices.volumes]!r}"]
    arguments += [f"{name}={_node(nodes[name])}" for name in ("mask", "initialTransform") if name in nodes]
    if "fixedLandmarks" in nodes and "movingLandmarks" in nodes:
        arguments.append(f"landmarks=({_node(nodes['fixedLandmarks'])}, {_node(nodes['movingLandmarks'])})")
    data = pformat(differences(recipe), width=100, sort_dicts=False)
    return "\n".join([
        "from MedFusion import MedFusionLogic",
        "from MedFusionLib import Recipe",
        "",
        f"recipe = Recipe.from_dict({data})",
        "result = MedFusionLogic().fuse(",
        *[f"    {argument}," for argument in arguments],
        ")",
        "print(result.fusedVolume.GetName(), result.verdicts)",
        "",
    ])


def _node(name: str) -> str:
    return f"slicer.util.getNode({name!r})"
