"""Qt and CTK as PythonQt gives them to Slicer's Python. They carry no types and are not there outside of Slicer."""

from __future__ import annotations

from importlib import import_module
from typing import Any

qt: Any = import_module("qt")
ctk: Any = import_module("ctk")
# The children of the .ui file as attributes.
Ui = Any
Widget = Any
