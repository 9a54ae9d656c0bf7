"""MedFusionLogic: what the module does, on nodes, with or without a window."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from MedFusionLib.errors import BadInput
from MedFusionLib.progress import Progress, silent
from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.mrml import Node, Scene, mrml

if TYPE_CHECKING:
    from MedFusionLib.recipe import Recipe
    from MedFusionLib.scene.job import Job, Task
    from MedFusionLib.scene.result import SceneResult
    from MedFusionLib.scene.tasks import SceneRegistration

Outcome = TypeVar("Outcome")


class Choices(TypedDict, total=False):
    """What a run can be told beside its volumes and recipe.

    ``method`` and ``parameters`` of the fusion, ``registration`` (back end) and ``transform`` change the recipe.
    ``modalities`` are those of all volumes, the fixed one first ("": as the node tells). ``mask`` is a segmentation
    or label map on the fixed volume. ``initialTransform`` is a transform node that shows the moving volumes aligned,
    ``landmarks`` two markups nodes (fixed, moving) of corresponding points.
    """

    method: str | None
    parameters: Mapping[str, Any] | None
    registration: str | None
    transform: str | None
    modalities: Sequence[str]
    mask: Node | None
    initialTransform: Node | None
    landmarks: tuple[Node, Node] | None


class MedFusionLogic:
    """Takes volume nodes of a scene and returns nodes; keeps no state but the scene.

    All work is done by the library's command line in a child process, so that both give the same voxels. Nodes that
    are given are never changed. Everything raises ``MedFusionError``, and then the scene is as it was.
    """

    def __init__(self, scene: Scene | None = None) -> None:
        """``scene`` is a vtkMRMLScene; the application's own when left out."""
        self.scene = mrml().mrmlScene if scene is None else scene

    def about(self) -> str:
        """What this is, which version, where it lies, and how to use it from Slicer's Python console."""
        from MedFusionLib import __version__

        return (f"MedFusion {__version__} aligns, fuses and measures the volumes of one patient. "
                "Research software, not for clinical use.\n\n"
                f"Library: {Path(__file__).resolve().parents[1]}\n\n"
                "From the Python console, with two or more volumes, the fixed one first:\n"
                "from MedFusion import MedFusionLogic\n"
                "MedFusionLogic().fuse(ct, [mr], method=\"laplacian\").fusedVolume")

    def fuse(self, fixed: Node, moving: Node | Sequence[Node], recipe: Recipe | None = None, *,
             onProgress: Progress = silent, **choices: Unpack[Choices]) -> SceneResult:
        """Align the ``moving`` volumes to ``fixed``, fuse and measure them, and add the outcome to the scene.

        Waits, while the application stays usable. For ``choices`` see ``Choices``.
        """
        return self.start(fixed, moving, recipe, onProgress=onProgress, **choices).wait()

    def start(self, fixed: Node, moving: Node | Sequence[Node], recipe: Recipe | None = None, *,
              methods: Sequence[str] = (), onProgress: Progress | None = None,
              onDone: Callable[[Job[SceneResult]], object] | None = None,
              **choices: Unpack[Choices]) -> Job[SceneResult]:
        """The same without waiting: returns the job at work. In Slicer a timer polls it, elsewhere somebody must.

        With ``methods`` it is a comparison of these. ``onDone`` is called with the job when it has ended.
        """
        from MedFusionLib.scene.tasks import FusionTask

        task = FusionTask(self.scene, _inputs(fixed, moving, choices), _recipe(recipe, choices), tuple(methods))
        return self._begin(task, onProgress or silent, onDone)

    def compare(self, fixed: Node, moving: Node | Sequence[Node], recipe: Recipe | None = None, *,
                methods: Sequence[str], onProgress: Progress = silent, **choices: Unpack[Choices]) -> SceneResult:
        """Align once and fuse with each of ``methods``: a volume for each, and one table of their metrics."""
        if not methods:
            raise BadInput("no method to compare", "Name one or more")
        return self.start(fixed, moving, recipe, methods=methods, onProgress=onProgress, **choices).wait()

    def register(self, fixed: Node, moving: Node, recipe: Recipe | None = None, *, onProgress: Progress = silent,
                 **choices: Unpack[Choices]) -> SceneRegistration:
        """Find the transform node that aligns ``moving`` to ``fixed``; raises ``RegistrationRejected`` for a bad one.

        The volume is not put below it.
        """
        return self.startRegistration(fixed, moving, recipe, onProgress=onProgress, **choices).wait()

    def startRegistration(self, fixed: Node, moving: Node, recipe: Recipe | None = None, *,
                          onProgress: Progress | None = None,
                          onDone: Callable[[Job[SceneRegistration]], object] | None = None,
                          **choices: Unpack[Choices]) -> Job[SceneRegistration]:
        """``register`` without waiting, as ``start``."""
        from MedFusionLib.scene.tasks import RegistrationTask

        task = RegistrationTask(self.scene, _inputs(fixed, moving, choices), _recipe(recipe, choices))
        return self._begin(task, onProgress or silent, onDone)

    def evaluate(self, fused: Node, sources: Sequence[Node], mask: Node | None = None) -> Node:
        """A table node with the metrics of ``fused`` against ``sources``, where ``mask`` is.

        A moving volume as it was loaded stands for the aligned one that ``fused`` was made of; windows are those of
        the run.
        """
        from MedFusionLib.scene.job import Job
        from MedFusionLib.scene.tasks import EvaluationTask

        made_of, recipe = _made_of(fused)
        aligned = [_aligned(source, made_of) for source in sources]
        return Job(self.scene, EvaluationTask(self.scene, fused, aligned, mask, recipe)).wait()

    def _begin(self, task: Task[Outcome], progress: Progress, done: Callable[[Job[Outcome]], object] | None
               ) -> Job[Outcome]:
        """The job of ``task``, at work."""
        from MedFusionLib.scene.job import Job

        return Job(self.scene, task, progress, done)


def _inputs(fixed: Node, moving: Node | Sequence[Node], choices: Choices) -> Any:
    from MedFusionLib.scene.export import Inputs

    others = tuple(moving) if isinstance(moving, Sequence) else (moving,)
    if not others:
        raise BadInput("no moving volume is given", "Choose at least one")
    return Inputs((fixed, *others), tuple(choices.get("modalities") or ()), choices.get("mask"),
                  choices.get("initialTransform"), choices.get("landmarks"))


def _recipe(recipe: Recipe | None, choices: Choices) -> Recipe:
    from MedFusionLib.scene.export import with_choices

    return with_choices(recipe, choices.get("method"), choices.get("registration"), choices.get("transform"),
                        choices.get("parameters"))


def _made_of(fused: Node) -> tuple[list[Node], Recipe]:
    """The volumes on its grid that ``fused`` was made of, and a recipe with their windows, by name."""
    from MedFusionLib.recipe import Recipe

    count = fused.GetNumberOfNodeReferences(mark.SOURCE) if fused is not None else 0
    nodes = [fused.GetNthNodeReference(mark.SOURCE, index) for index in range(count)]
    windows = json.loads((fused.GetAttribute(mark.WINDOWS) if count else None) or "[]")
    named = {node.GetName(): tuple(window) for node, window in zip(nodes, windows, strict=False) if node is not None}
    return [node for node in nodes if node is not None], Recipe(windows=named)


def _aligned(source: Node, made_of: Sequence[Node]) -> Node:
    """The volume of ``made_of`` that was made from ``source``, or ``source``."""
    made = [node for node in made_of if node.GetNodeReference(mark.ORIGINAL) is source]
    return made[0] if made and source is not None else source
