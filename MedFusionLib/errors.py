"""The errors MedFusion raises on purpose: each is one clear line and an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MedFusionError(Exception):
    """Base of every deliberate error; ``exit_code`` is what the command line returns."""

    exit_code = 1


class BadInput(MedFusionError):
    """An input that cannot work, found at the door: what is wrong, the value, and the mend."""

    exit_code = 2

    def __init__(self, what: str, mend: str = "") -> None:
        """``what`` names the fault with its value; ``mend`` says what the user can do."""
        self.what = what
        self.mend = mend
        super().__init__(f"{what}. {mend}" if mend else what)


class MissingDependency(BadInput):
    """An optional package that the chosen method needs is not installed."""


class RegistrationFailed(MedFusionError):
    """An engine ended without a transform; carries the engine's last words."""

    exit_code = 3


class RegistrationRejected(MedFusionError):
    """A registration was judged wrong and the recipe does not allow to go on."""

    exit_code = 3


class Cancelled(MedFusionError):
    """The user asked to stop; nothing was written."""

    exit_code = 130

    def __init__(self, message: str = "Cancelled; nothing was written") -> None:
        super().__init__(message)


def as_data(error: MedFusionError) -> dict[str, Any]:
    """The error as plain data, for the process that waits for this one."""
    arguments = [error.what, error.mend] if isinstance(error, BadInput) else [str(error)]
    return {"error": type(error).__name__, "arguments": arguments}


def from_data(data: Mapping[str, Any]) -> MedFusionError:
    """The error that ``as_data`` described: of the same class, with the same words."""
    kinds = (BadInput, MissingDependency, RegistrationFailed, RegistrationRejected, Cancelled)
    known: dict[str, type[MedFusionError]] = {kind.__name__: kind for kind in kinds}
    return known.get(data["error"], MedFusionError)(*data["arguments"])
