"""Where the library's data files lie: parameter files, model weights and the sample patient."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from MedFusionLib.errors import BadInput

_PACKAGE = Path(__file__).resolve().parent
# Within the package in a wheel; beside it in a checkout, a build tree and an installed extension.
_ROOTS = (_PACKAGE / "Resources", _PACKAGE.parent / "Resources")


def resource(name: str = "") -> Path:
    """The file or folder ``name`` of the library's resources, such as "Registration/rigid.txt".

    ``name`` is relative, with forward slashes; "" is the folder of all resources. Raises ``BadInput``
    when the installation lacks it or when ``name`` would leave that folder.
    """
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name:
        raise BadInput(f"'{name}' is no name of a resource",
                       "Use a relative name such as Registration/rigid.txt")
    for root in _ROOTS:
        if (root / parts).exists():
            return root / parts
    raise BadInput(f"this installation of MedFusion has no resource '{name}'", "Install MedFusion again")
