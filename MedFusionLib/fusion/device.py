"""Where a method computes: arrays go to torch's device and come back, so that callers only see numpy."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from MedFusionLib.arrays import is_numpy_array
from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.fusion.inference import receptive_field
from MedFusionLib.fusion.method import Method

#: What a recipe may name.
DEVICES = ("auto", "cpu", "cuda", "mps")


class OnDevice:
    """A method that computes on ``device``, a name that torch knows, and takes and gives numpy arrays."""

    def __init__(self, method: Method, device: str) -> None:
        self.card = method.card
        self.receptive_field = receptive_field(method)
        self._method, self._device = method, device

    @property
    def provenance(self) -> dict[str, str]:
        """The method's own, and the name of the card that computes."""
        return {**provenance(self._method), "device": _full_name(self._device)}

    def fuse(self, sources: Any, **masks: Any) -> Any:
        """As the method's own ``fuse``; ``masks`` are moved too, but not what is said of the sources' roles."""
        moved = {name: self._moved(mask) if is_numpy_array(mask) else mask for name, mask in masks.items()}
        return self._method.fuse(self._moved(sources), **moved).cpu().numpy()

    def _moved(self, array: Any) -> Any:
        import torch

        return torch.from_numpy(array).to(self._device)


def place(method: Method, device: str) -> Method:
    """``method`` computing on ``device``, one of ``DEVICES``; on the CPU it gets numpy arrays.

    "auto" is the best device present for a method with weights, the CPU for one without. Raises ``BadInput``
    for a device that is not present.
    """
    chosen = _best() if device == "auto" and method.card.trained else device
    if chosen in ("auto", "cpu"):
        return method
    if find_spec("torch") is None:
        raise MissingDependency(f"device '{chosen}' needs torch, which is not installed", "Install it, or use cpu")
    if not _present(chosen):
        raise BadInput(f"device '{chosen}' is not present on this machine", "Use cpu or auto")
    return OnDevice(method, chosen)


def provenance(method: Method) -> dict[str, str]:
    """What a run's record says of where ``method`` computes, and with which weights."""
    told: dict[str, str] = getattr(method, "provenance", {})
    return {"device": "cpu", **told}


def _full_name(device: str) -> str:
    """``device`` with the name of the card, where there is one."""
    import torch

    return f"cuda ({torch.cuda.get_device_name()})" if device == "cuda" else device


def torch_device(device: str) -> str:
    """The name that torch knows of ``device``, one of ``DEVICES``; "auto" is the best present. Needs torch.

    Raises ``BadInput`` for a device that is not present.
    """
    chosen = _best() if device == "auto" else device
    if chosen != "cpu" and not _present(chosen):
        raise BadInput(f"device '{chosen}' is not present on this machine", "Use cpu or auto")
    return chosen


def _best() -> str:
    """The fastest device present."""
    return next((name for name in ("cuda", "mps") if find_spec("torch") and _present(name)), "cpu")


def _present(name: str) -> bool:
    import torch

    backend = {"cuda": torch.cuda, "mps": torch.backends.mps}[name]
    return bool(backend.is_available())
