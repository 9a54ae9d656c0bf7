"""The tasks of a job: a fusion or a comparison, a registration, a measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk

from MedFusionLib.progress import Progress
from MedFusionLib.recipe import Recipe
from MedFusionLib.registration.settings import Verdict
from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.export import MASK, RECIPE, Inputs, alive, export, read_volumes, write_volumes
from MedFusionLib.scene.masks import mask_from_node
from MedFusionLib.scene.mrml import Node, Scene
from MedFusionLib.scene.nothing import all_or_nothing
from MedFusionLib.scene.result import SceneResult, add_result, describe_transform
from MedFusionLib.scene.texts import table_node
from MedFusionLib.scene.transforms import node_from_transform
from MedFusionLib.volume import Volume

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result

_OUTPUT, _TRANSFORM = "out", "transform.h5"


@dataclass
class FusionTask:
    """Fuse ``inputs`` as ``recipe`` says; with ``methods``, once for each of them on one alignment."""

    scene: Scene
    inputs: Inputs
    recipe: Recipe
    methods: tuple[str, ...] = ()
    volumes: tuple[Volume, ...] = field(default=(), init=False)

    def prepare(self, folder: Path) -> list[str]:
        """See ``Task``."""
        self._check()
        self.volumes = read_volumes(self.scene, self.inputs)
        command = ["compare", f"--methods={','.join(self.methods)}"] if self.methods else ["fuse"]
        options = [f"--output={_OUTPUT}", "--plain", "--progress=json"]
        return [*command, *export(self.inputs, self.volumes, self.recipe, folder), *options]

    def read(self, folder: Path, said: Mapping[str, Any], progress: Progress) -> Result:
        """See ``Task``."""
        from MedFusionLib.saved import read_result

        return read_result(folder / _OUTPUT, self.volumes, progress)

    def add(self, found: Result) -> SceneResult:
        """See ``Task``."""
        return add_result(self.scene, found, alive(self.scene, self.inputs.volumes))

    def _check(self) -> None:
        """Refuse methods, parameters and combinations that cannot work, before anything is read."""
        from MedFusionLib.fusion import catalog
        from MedFusionLib.pipeline import combinations, settled

        recipe = settled(self.recipe)
        for name in self.methods or (recipe.method,):
            catalog.load(name, **(recipe.parameters if name == recipe.method else {}))
        combinations(recipe, len(self.inputs.volumes))


@dataclass(frozen=True)
class SceneRegistration:
    """A registration in the scene: the transform node that shows the moving volume aligned when that is put below
    it, the verdict, and the engine that found it.
    """

    transform: Node
    verdict: Verdict
    engine: str


@dataclass
class RegistrationTask:
    """Find the transform that aligns the second volume of ``inputs`` to the first."""

    scene: Scene
    inputs: Inputs
    recipe: Recipe
    names: tuple[str, ...] = field(default=(), init=False)

    def prepare(self, folder: Path) -> list[str]:
        """See ``Task``."""
        volumes = read_volumes(self.scene, self.inputs)
        self.names = tuple(volume.name for volume in volumes)
        exported = export(self.inputs, volumes, self.recipe, folder)
        return ["register", *exported, f"--output={_TRANSFORM}", "--progress=json"]

    def read(self, folder: Path, said: Mapping[str, Any], progress: Progress) -> tuple[sitk.Transform, Verdict, str]:
        """See ``Task``."""
        from MedFusionLib.registration.transforms import load

        evidence = {name: float(value) for name, value in said["evidence"].items()}
        verdict = Verdict(said["decision"], tuple(said["reasons"]), evidence)
        return load(folder / _TRANSFORM), verdict, said["engine"]

    def add(self, found: tuple[sitk.Transform, Verdict, str]) -> SceneRegistration:
        """See ``Task``."""
        transform, verdict, engine = found
        fixed, moving = alive(self.scene, self.inputs.volumes)
        with all_or_nothing(self.scene):
            node = node_from_transform(self.scene, transform, f"{self.names[1]} to {self.names[0]}")
            describe_transform(node, engine, verdict)
            for role, target in ((mark.ORIGINAL, moving), (mark.FIXED, fixed)):
                if target is not None:
                    node.SetNodeReferenceID(role, target.GetID())
        return SceneRegistration(node, verdict, engine)


@dataclass
class EvaluationTask:
    """Measure the node ``fused`` against ``sources`` on its grid, where ``mask`` is."""

    scene: Scene
    fused: Node
    sources: Sequence[Node]
    mask: Node | None
    recipe: Recipe

    def prepare(self, folder: Path) -> list[str]:
        """See ``Task``."""
        fused, *sources = read_volumes(self.scene, Inputs((self.fused, *self.sources)))
        # The fused volume's file must meet none of the sources' names.
        place = folder / "fused"
        place.mkdir()
        files = write_volumes([replace(fused, name="fused")], place)
        (folder / RECIPE).write_text(self.recipe.to_json(), encoding="utf-8")
        arguments = ["evaluate", "--json", f"--recipe={RECIPE}", f"--fused={place / files[0]}"]
        if self.mask is not None:
            sitk.WriteImage(mask_from_node(self.mask, fused).image, str(folder / MASK))
            arguments.append(f"--mask={MASK}")
        written = write_volumes(sources, folder)
        return [*arguments, *(part if part.startswith("--") else f"--source={part}" for part in written)]

    def read(self, folder: Path, said: Mapping[str, Any], progress: Progress) -> dict[str, float]:
        """See ``Task``."""
        return {name: float(value) for name, value in said.items()}

    def add(self, found: dict[str, float]) -> Node:
        """See ``Task``."""
        name = self.fused.GetName()
        with all_or_nothing(self.scene):
            table = table_node(self.scene, [{"fused": name, **found}], f"Metrics of {name}")
            for source in filter(None, alive(self.scene, self.sources)):
                table.AddNodeReferenceID(mark.SOURCE, source.GetID())
        return table
