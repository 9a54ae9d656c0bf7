"""The slices of a DICOM series: in order along their normal, evenly apart, and not tilted.

Source: DICOM PS3.3 C.7.6.2 (image plane): slices are ordered by position, never by instance number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from MedFusionLib import door
from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import SHEAR_MENDED

#: Slice distances may differ by this fraction of their median; more is a gap.
_UNEVEN = 0.05


@dataclass(frozen=True)
class Slice:
    """One file of a series: its tags as text, its size and where it lies (LPS, mm)."""

    path: Path
    tags: dict[str, str]
    size: tuple[int, ...]

    @property
    def series(self) -> str:
        """The SeriesInstanceUID."""
        return self.tags.get("0020|000e", "")

    @property
    def modality(self) -> str:
        """The DICOM modality, such as PT."""
        return self.tags.get("0008|0060", "")

    @property
    def number(self) -> float:
        """Acquisition and instance number, to order slices at one position."""
        return _number(self.tags, "0020|0012") * 1e6 + _number(self.tags, "0020|0013")

    def vector(self, tag: str, count: int) -> npt.NDArray[np.float64]:
        """A tag of ``count`` numbers; raises ``BadInput`` when it is missing or malformed."""
        try:
            values = np.array([float(part) for part in self.tags[tag].split("\\")])
        except (KeyError, ValueError):
            values = np.empty(0)
        if len(values) != count or not np.isfinite(values).all():
            raise BadInput(f"{self.path}: the DICOM tag ({tag.replace('|', ',')}) is "
                           f"'{self.tags.get(tag, 'missing')}', not {count} numbers",
                           "Export the series again, or convert it with dcm2niix")
        return values


def ordered(slices: list[Slice], frame: int | None, folder: Path) -> list[Slice]:
    """The slices along their normal, one at each position; raises ``BadInput`` for gaps and tilts."""
    first = slices[0]
    axes = first.vector("0020|0037", 6)
    for one in slices:
        if np.abs(one.vector("0020|0037", 6) - axes).max() > 1e-3:
            raise BadInput(f"{folder}: the slices {first.path.name} and {one.path.name} are oriented differently",
                           "Give a series without localiser slices, in a sub-folder of its own")
        if one.size[:2] != first.size[:2]:
            raise BadInput(f"{folder}: slices of {door.shape(first.size[:2])} and {door.shape(one.size[:2])} "
                           "pixels are mixed", "Give the slices of one acquisition in a folder of their own")
    normal = np.cross(axes[:3], axes[3:])
    along = {one.path: float(one.vector("0020|0032", 3) @ normal) for one in slices}
    chosen = _one_frame(sorted(slices, key=lambda one: (round(along[one.path], 3), one.number)), along, frame, folder)
    _check_steps(chosen, np.array([along[one.path] for one in chosen]), normal, folder)
    return chosen


def _one_frame(slices: list[Slice], along: dict[Path, float], frame: int | None, folder: Path) -> list[Slice]:
    places: dict[float, list[Slice]] = {}
    for one in slices:
        places.setdefault(round(along[one.path], 2), []).append(one)
    counts = {len(group) for group in places.values()}
    if counts == {1} and frame in (None, 0):
        return slices
    if len(counts) > 1:
        raise BadInput(f"{folder}: {max(counts)} slices at one position and {min(counts)} at another",
                       "Slices are missing or doubled: export the series again")
    frames = counts.pop()
    if frame is None or frame >= frames:
        asked = "" if frame is None else f"; frame {frame} is not there"
        raise BadInput(f"{folder} holds {frames} frame{'s' * (frames > 1)} at each of {len(places)} positions{asked}",
                       f"Choose one with frame (--frame 0 to {frames - 1})")
    return [group[frame] for group in places.values()]


def _check_steps(slices: list[Slice], along: npt.NDArray[np.float64], normal: npt.NDArray[np.float64],
                 folder: Path) -> None:
    steps = np.diff(along)
    if not len(steps):
        return
    usual = float(np.median(steps))
    worst = int(np.abs(steps - usual).argmax())
    if abs(steps[worst] - usual) > _UNEVEN * usual:
        raise BadInput(f"{folder}: a gap of {steps[worst]:.4g} mm between {slices[worst].path.name} and "
                       f"{slices[worst + 1].path.name}, where slices are {usual:.4g} mm apart",
                       "Slices are missing or uneven: export the series again, or resample it in Slicer")
    way = slices[-1].vector("0020|0032", 3) - slices[0].vector("0020|0032", 3)
    slope = float(np.linalg.norm(np.cross(way / np.linalg.norm(way), normal)))
    if slope > SHEAR_MENDED:
        tilt = np.degrees(np.arcsin(min(1.0, slope)))
        raise BadInput(f"{folder}: the gantry was tilted by {tilt:.3g} degrees, so the slices are sheared",
                       "Load it in Slicer with 'Apply/harden transform' for acquisition geometry and save it")


def _number(tags: dict[str, str], tag: str) -> float:
    try:
        return float(tags.get(tag, "0"))
    except ValueError:
        return 0.0
