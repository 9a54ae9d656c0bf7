"""Scenes as files: ``scene.mrb``, written and read outside Slicer with the MRML of slicer-core."""

from __future__ import annotations

import os
import re
from contextlib import chdir
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import is_zipfile

from MedFusionLib.errors import BadInput, MedFusionError
from MedFusionLib.scene.display import add_slice_views
from MedFusionLib.scene.mrml import Node, Scene, mrml
from MedFusionLib.scene.result import add_result

if TYPE_CHECKING:
    from MedFusionLib.pipeline import Result

_LONGEST = 40  # characters of a file's name, so that the bundle also unpacks below Windows' path limit


def write_scene(result: Result, path: Path | str) -> Path:
    """Write ``result`` as a Slicer scene bundle (.mrb) that opens looking right, and return its path.

    The bundle holds every volume, transform, table and text with paths relative to it. It appears
    complete or not at all, and nothing is left in temporary folders. Raises ``MissingDependency``
    without slicer-core, ``BadInput`` for a path that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".mrb":
        raise BadInput(f"'{path.name}' is no name of a scene bundle", "Use a name that ends in .mrb")
    if not path.parent.is_dir():
        raise BadInput(f"the folder '{path.parent}' does not exist", "Make it or choose another")
    scene = mrml().vtkMRMLScene()
    add_slice_views(scene)
    add_result(scene, result)
    with TemporaryDirectory(prefix="medfusion-") as folder:
        scene.SetRootDirectory(folder)
        _name_files(scene)
        bundle = Path(folder, "scene.mrb")
        messages = mrml().vtkMRMLMessageCollection()
        if not scene.WriteToMRB(str(bundle), None, messages):
            reason = messages.GetAllMessagesAsString().strip() or "no reason given"
            raise MedFusionError(f"MRML could not write the scene '{path.name}': {reason.splitlines()[0]}")
        _put(bundle, path)
    return path


def open_scene(path: Path | str, scene: Scene | None = None) -> Scene:
    """``scene``, or a new vtkMRMLScene, with all that the scene bundle ``path`` holds, voxels loaded.

    Slicer's standard colour nodes are not in a bundle: nodes that show grey resolve theirs in Slicer, or
    in a ``scene`` with a vtkMRMLColorLogic. Raises ``MissingDependency`` without slicer-core,
    ``BadInput`` for a file that is no bundle.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"there is no scene '{path}'", "Check the path")
    if not is_zipfile(path):
        raise BadInput(f"'{path.name}' is no scene bundle", "Give a file that Slicer saved as .mrb")
    scene = mrml().vtkMRMLScene() if scene is None else scene
    # MRML stays in its temporary folder when it fails, hence chdir.
    with TemporaryDirectory(prefix="medfusion-") as folder, chdir(Path.cwd()):
        manager, cache = mrml().vtkDataIOManager(), mrml().vtkCacheManager()
        cache.SetRemoteCacheDirectory(folder)
        manager.SetCacheManager(cache)
        scene.SetDataIOManager(manager)
        if not scene.ReadFromMRB(str(path), False):
            raise BadInput(f"MRML cannot read all of the scene bundle '{path.name}'", "Write it again")
        scene.SetDataIOManager(None)
    return scene


def _name_files(scene: Scene) -> None:
    """Give every node that is stored a file name that is safe on all systems and unlike all others.

    MRML encodes a node's name for its file, but lets backslashes and long names through.
    """
    taken: set[str] = set()
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLStorableNode")
        if not node.GetSaveWithScene():
            continue
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode()
        storage = node.GetStorageNode()
        if storage is None:
            continue
        base = _file_name(node, taken)
        storage.SetFileName(f"{base}.{storage.GetDefaultWriteFileExtension()}")


def _file_name(node: Node, taken: set[str]) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", node.GetName() or "").strip("-")[:_LONGEST] or "node"
    name, count = plain, 1
    while name.lower() in taken:
        count += 1
        name = f"{plain}-{count}"
    taken.add(name.lower())
    return name


def _put(made: Path, path: Path) -> None:
    """Bring ``made`` to ``path`` in one step; a failure leaves what was there."""
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        copyfile(made, part)
        part.replace(path)
    except OSError as error:
        raise BadInput(f"'{path}' cannot be written ({error.strerror})", "Check the disk and its rights") from None
    finally:
        part.unlink(missing_ok=True)
