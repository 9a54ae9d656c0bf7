"""Live blend: the slice views mix sources and fused volume; no voxel is computed."""

from __future__ import annotations

from collections.abc import Sequence

from MedFusionLib.errors import BadInput
from MedFusionLib.scene.composites import composites, has_further_layers, set_layers
from MedFusionLib.scene.display import FUSED_VIEW, SLICE_VIEWS
from MedFusionLib.scene.mrml import Node, Scene


def blend(scene: Scene, sources: Sequence[Node | None], fused: Node | None, position: float) -> None:
    """Show a mixture in the slice views: at ``position`` 0 the equal mean of ``sources``, at 1 ``fused`` alone.

    Where Slicer's slice views have further layers, every pixel is (1 - position) * mean of the sources +
    position * fused. With two layers only, the slider travels instead: from the first source over the others to
    fused, fading each into the next. Nodes that are None or gone are left out. Only slice composite nodes are set;
    a scene without slice views stays as it is. Raises ``BadInput`` for a position outside 0 to 1.
    """
    if not 0.0 <= position <= 1.0:
        raise BadInput(f"the blend stands at {position}", "Give a position from 0 (sources) to 1 (fused)")
    present = [node for node in sources if _is_there(scene, node)]
    last = fused if _is_there(scene, fused) else None
    if not present and last is None:
        return
    for composite in composites(scene, (*SLICE_VIEWS, FUSED_VIEW)):
        layers = mixed(present, last, position) if has_further_layers(composite) else travelled(present, last, position)
        set_layers(composite, layers)


def mixed(sources: Sequence[Node], fused: Node | None, position: float) -> list[tuple[Node, float]]:
    """Layers with opacities, the lowest first. Layer n over n - 1 others has opacity 1/n, which makes their mean."""
    layers = [(node, 1.0 / number) for number, node in enumerate(sources, start=1)]
    if fused is not None:
        layers.append((fused, position if sources else 1.0))
    return layers


def travelled(sources: Sequence[Node], fused: Node | None, position: float) -> list[tuple[Node, float]]:
    """The two layers between which ``position`` stands on the way through all of them."""
    stations = [*sources, *([fused] if fused is not None else [])]
    if len(stations) == 1:
        return [(stations[0], 1.0)]
    way = position * (len(stations) - 1)
    start = min(int(way), len(stations) - 2)
    return [(stations[start], 1.0), (stations[start + 1], way - start)]


def _is_there(scene: Scene, node: Node | None) -> bool:
    return node is not None and bool(scene.IsNodePresent(node))
