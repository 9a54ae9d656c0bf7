"""The catalog of registration back ends. Each is a file with ``available``, ``register`` and ``TRANSFORMS``."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from MedFusionLib.errors import BadInput
from MedFusionLib.registration.settings import RegistrationSettings, Request

if TYPE_CHECKING:
    import SimpleITK as sitk


class EngineModule(Protocol):
    """What a back end's file offers."""

    def available(self, settings: RegistrationSettings) -> str:
        """Empty when the engine can run, otherwise the reason in one line."""
        ...

    def register(self, request: Request) -> sitk.Transform:
        """The transform from fixed to moving (LPS, mm); raises ``RegistrationFailed`` or ``Cancelled``."""
        ...


@dataclass(frozen=True)
class Engine:
    """One back end: its name, what it is, and the transforms it has. ``searches`` says that it looks at the values."""

    name: str
    summary: str
    transforms: tuple[str, ...]
    searches: bool = True

    def _module(self) -> EngineModule:
        return cast(EngineModule, importlib.import_module(f"MedFusionLib.registration.{self.name}"))

    def available(self, settings: RegistrationSettings | None = None) -> str:
        """Empty when the engine can run here with ``settings``, otherwise the reason in one line."""
        return self._module().available(settings or RegistrationSettings())

    def register(self, request: Request) -> sitk.Transform:
        """Run the engine; see :class:`EngineModule`. Raises ``BadInput`` when it is not available."""
        reason = self.available(request.settings)
        if reason:
            raise BadInput(f"registration method '{self.name}' is not available: {reason}", "Choose another method")
        return self._module().register(request)


ALL = ("rigid", "similarity", "affine", "bspline")

ENGINES: dict[str, Engine] = {
    entry.name: entry
    for entry in (
        Engine("elastix", "elastix, adaptive stochastic gradient descent on mutual information", ALL),
        Engine("brainsfit", "Slicer's BRAINSFit executable, mutual information", ALL),
        Engine("simpleitk", "SimpleITK, mutual information from coarse to fine; always there", ALL),
        Engine("landmarks", "corresponding points; 'bspline' gives a thin-plate spline", ALL, searches=False),
        Engine("none", "the volumes share a frame already; nothing is moved", ALL, searches=False),
    )
}


def engine(name: str) -> Engine:
    """The back end called ``name``; raises ``BadInput`` with the known names otherwise."""
    if name not in ENGINES:
        raise BadInput(f"unknown registration method '{name}'", f"Use one of auto, {', '.join(ENGINES)}")
    return ENGINES[name]
