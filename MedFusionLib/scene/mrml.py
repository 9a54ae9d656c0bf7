"""Where MRML comes from: the running Slicer, or PyPI's slicer-core outside of it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from MedFusionLib.errors import MissingDependency

# MRML's classes carry no types: a node or a scene of the class that the function's text names.
Node = Any
Scene = Any


def mrml() -> ModuleType:
    """The module with MRML's classes, ``slicer`` in both cases.

    Raises ``MissingDependency`` where there is neither Slicer nor slicer-core.
    """
    try:
        import slicer
    except ImportError:
        slicer = None
    if not hasattr(slicer, "vtkMRMLScene"):
        raise MissingDependency("writing a scene needs MRML, and slicer-core is not installed",
                                "pip install MedFusionLib[scene]")
    return slicer  # type: ignore[no-any-return]
