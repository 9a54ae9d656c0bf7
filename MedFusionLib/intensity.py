"""Windows: one range of intensities per volume, so that neighbouring slices agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MedFusionLib.errors import BadInput

if TYPE_CHECKING:
    from MedFusionLib.volume import Array, Volume

WindowChoice = str | Sequence[float] | None


@dataclass(frozen=True)
class Window:
    """The intensities, in the volume's unit, that become 0 (``lower``) and 1 (``upper``)."""

    lower: float
    upper: float
    name: str = "given"

    def apply(self, array: Array) -> npt.NDArray[np.float32]:
        """``array`` scaled to [0, 1] and clipped, float32, of the same shape."""
        scaled = np.asarray(array, dtype=np.float32) - np.float32(self.lower)
        scaled /= np.float32(self.upper - self.lower)
        return np.clip(scaled, 0.0, 1.0, out=scaled)


@dataclass(frozen=True)
class FixedRange:
    """A named window with fixed ends, in ``unit``."""

    lower: float
    upper: float
    unit: str


@dataclass(frozen=True)
class PercentileRange:
    """A named window whose ends are percentiles of the voxels above the volume's background."""

    lower: float
    upper: float


WINDOWS: dict[str, FixedRange | PercentileRange] = {
    "brain": FixedRange(0.0, 80.0, "HU"),
    "soft tissue": FixedRange(-160.0, 240.0, "HU"),
    "bone": FixedRange(-500.0, 1300.0, "HU"),
    "lung": FixedRange(-1350.0, 150.0, "HU"),
    "wide": FixedRange(-1000.0, 1000.0, "HU"),
    "SUV 0-5": FixedRange(0.0, 5.0, "SUV"),
    "SUV 0-10": FixedRange(0.0, 10.0, "SUV"),
    "SUV 0-20": FixedRange(0.0, 20.0, "SUV"),
    "8-bit": FixedRange(0.0, 255.0, ""),
    "robust": PercentileRange(0.5, 99.5),
    "full": PercentileRange(0.0, 100.0),
}


def default_window(volume: Volume) -> str:
    """The window's name when nobody chose one: 0 to 255 for an 8-bit picture, else the modality's."""
    return "8-bit" if volume.array.dtype == np.uint8 else volume.about.window


def choose_window(volume: Volume, choice: WindowChoice = None) -> Window:
    """The window of ``volume``: a name of ``WINDOWS``, a pair (lower, upper), or None for the default.

    Raises ``BadInput`` for an unknown name, a pair that is no range, or a unit that does not fit.
    """
    if choice is None:
        choice = default_window(volume)
    if not isinstance(choice, str):
        return _given(volume, choice)
    if choice not in WINDOWS:
        raise BadInput(
            f"window '{choice}' for {volume.name} is not known",
            f"Use one of {', '.join(WINDOWS)} or two numbers",
        )
    named = WINDOWS[choice]
    if isinstance(named, PercentileRange):
        return _percentiles(volume, named, choice)
    if named.unit and volume.unit and named.unit != volume.unit:
        raise BadInput(
            f"window '{choice}' is in {named.unit}, but {volume.name} is in {volume.unit}",
            f"Choose a window in {volume.unit}, 'robust', or two numbers",
        )
    return Window(named.lower, named.upper, choice)


def _given(volume: Volume, pair: Sequence[float]) -> Window:
    if len(pair) != 2 or not np.isfinite(pair).all() or not pair[0] < pair[1]:
        raise BadInput(
            f"window {list(pair)} for {volume.name} is no range", "Give lower < upper, such as -160 240"
        )
    return Window(float(pair[0]), float(pair[1]))


def _percentiles(volume: Volume, named: PercentileRange, name: str) -> Window:
    """Percentiles of the foreground; a functional source starts at zero, since zero uptake is no colour."""
    array = volume.array
    foreground = array[array > volume.about.background]
    voxels = foreground if foreground.size > 100 else array.ravel()
    lower, upper = (float(value) for value in np.percentile(voxels, (named.lower, named.upper)))
    if volume.about.role == "functional":
        lower = 0.0
    if not lower < upper:
        lower, upper = float(array.min()), float(array.max())
    return Window(lower, upper, name)
