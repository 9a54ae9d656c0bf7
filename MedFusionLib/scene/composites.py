"""What a slice view mixes: the layers of vtkMRMLSliceCompositeNode, set, remembered and put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from MedFusionLib.scene.mrml import Node, Scene

CLASS = "vtkMRMLSliceCompositeNode"
_LABEL, _FIRST_FURTHER = 2, 3  # LayerLabel and Layer_Last of vtkMRMLSliceCompositeNode
ALPHA, ADD = 0, 2  # vtkMRMLSliceCompositeNode.Alpha and .Add


def composites(scene: Scene, names: Sequence[str] = ()) -> list[Node]:
    """The slice composite nodes of ``scene`` with one of the layout ``names``; all of them without names."""
    found = [scene.GetNthNodeByClass(index, CLASS) for index in range(scene.GetNumberOfNodesByClass(CLASS))]
    return [node for node in found if not names or node.GetLayoutName() in names]


def has_further_layers(composite: Node) -> bool:
    """Whether this Slicer can show more than a background and a foreground (since 5.9)."""
    return hasattr(composite, "SetNthLayerVolumeID")


def set_layers(composite: Node, layers: Sequence[tuple[Node, float]], compositing: int = ALPHA) -> None:
    """Let ``composite`` show ``layers``, pairs of volume node and opacity, the lowest first, and no others.

    Layers beyond the second need ``has_further_layers``. The label layer stays as it is.
    """
    with modified_once(composite):
        composite.SetCompositing(compositing)
        pairs = [(node.GetID(), opacity) for node, opacity in layers]
        pairs += [(None, 1.0)] * (2 - len(pairs))
        composite.SetBackgroundVolumeID(pairs[0][0])
        composite.SetForegroundVolumeID(pairs[1][0])
        composite.SetForegroundOpacity(pairs[1][1])
        if has_further_layers(composite):
            composite.SetNthLayerOpacity(0, pairs[0][1])
            _set_further(composite, pairs[2:])


def _set_further(composite: Node, pairs: Sequence[tuple[str | None, float]]) -> None:
    for number, (identifier, opacity) in enumerate(pairs, start=_FIRST_FURTHER):
        # Setting the same volume again would still tell everyone of a change.
        if composite.GetNthLayerVolumeID(number) != identifier:
            composite.SetNthLayerVolumeID(number, identifier)
        composite.SetNthLayerOpacity(number, opacity)
    while composite.GetNumberOfAdditionalLayers() > len(pairs):
        composite.SetNthLayerVolumeID(_FIRST_FURTHER + composite.GetNumberOfAdditionalLayers() - 1, None)


@dataclass(frozen=True)
class Shown:
    """What a slice view showed at some moment, to come back to it."""

    composite: Node
    volumes: tuple[str | None, ...]
    opacities: tuple[float, ...]
    compositing: int

    @classmethod
    def of(cls, composite: Node) -> Shown:
        """What ``composite`` shows now: background, foreground and further layers."""
        volumes = [composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()]
        opacities = [1.0, composite.GetForegroundOpacity()]
        if has_further_layers(composite):
            opacities[0] = composite.GetNthLayerOpacity(0)
            for number in range(_FIRST_FURTHER, _FIRST_FURTHER + composite.GetNumberOfAdditionalLayers()):
                volumes.append(composite.GetNthLayerVolumeID(number))
                opacities.append(composite.GetNthLayerOpacity(number))
        return cls(composite, tuple(volumes), tuple(opacities), composite.GetCompositing())

    def restore(self) -> None:
        """Show it again, without the volumes that have been removed since; nothing for a removed view."""
        scene = self.composite.GetScene()
        if scene is None:
            return
        known = [name if name and scene.GetNodeByID(name) else None for name in self.volumes]
        with modified_once(self.composite):
            self.composite.SetCompositing(self.compositing)
            self.composite.SetBackgroundVolumeID(known[0])
            self.composite.SetForegroundVolumeID(known[1])
            self.composite.SetForegroundOpacity(self.opacities[1])
            if has_further_layers(self.composite):
                self.composite.SetNthLayerOpacity(0, self.opacities[0])
                further = zip(known[2:], self.opacities[2:], strict=True)
                _set_further(self.composite, [(name, opacity) for name, opacity in further if name])


@contextmanager
def modified_once(node: Node) -> Iterator[None]:
    """Whatever happens inside is told to the observers of ``node`` as one change: views draw once."""
    before = node.StartModify()
    try:
        yield
    finally:
        node.EndModify(before)
