"""What can be chosen for a registration, and what a registration gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from MedFusionLib.fields import check_fields, flag, number, one_of, optional, text
from MedFusionLib.progress import Progress, silent

if TYPE_CHECKING:
    import SimpleITK as sitk

    from MedFusionLib.volume import Volume

TransformKind = Literal["rigid", "similarity", "affine", "bspline"]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RegistrationSettings:
    """Every choice of a registration, as data; the recipe holds one.

    ``initial`` is "geometry", "moments", "landmarks", "none" or the path of a transform file.
    ``samples`` is the number of voxels an engine looks at (None: chosen from the volumes).
    ``grid_spacing`` is the distance of B-spline control points in mm. ``threads`` bounds memory
    and fixes the order of summation, so that the result does not depend on the machine.
    """

    method: str = "auto"
    transform: TransformKind = "rigid"
    initial: str = "geometry"
    samples: int | None = None
    grid_spacing: float = 32.0
    iterations: int | None = None
    threads: int = 2
    seed: int = 0
    executable: str = ""
    fixed_mask: str = ""
    moving_mask: str = ""
    landmarks: str = ""
    trust_frame_of_reference: bool = False

    @classmethod
    def from_dict(cls, data: Any) -> RegistrationSettings:
        """The settings that plain ``data`` describes; raises ``BadInput`` for what is unknown or out of range."""
        return cls(**check_fields(data, _CHECKS, "registration"))


_CHECKS = {
    "method": text,
    "transform": one_of("rigid", "similarity", "affine", "bspline"),
    "initial": text,
    "samples": optional(number(100, 10_000_000, int)),
    "grid_spacing": number(2.0, 500.0),
    "iterations": optional(number(1, 100_000, int)),
    "threads": number(1, 256, int),
    "seed": number(0, 2**31 - 1, int),
    "executable": text,
    "fixed_mask": text,
    "moving_mask": text,
    "landmarks": text,
    "trust_frame_of_reference": flag,
}


@dataclass(frozen=True)
class Request:
    """One registration to be done by an engine; everything is loaded and checked.

    Masks are on their volume's grid (non-zero: look here). ``initial`` maps fixed to moving points
    (LPS, mm). ``fixed_points`` and ``moving_points`` are corresponding points, shape (n, 3), LPS, mm.
    """

    fixed: Volume
    moving: Volume
    settings: RegistrationSettings = field(default_factory=RegistrationSettings)
    fixed_mask: Volume | None = None
    moving_mask: Volume | None = None
    initial: sitk.Transform | None = None
    fixed_points: Points | None = None
    moving_points: Points | None = None
    progress: Progress = silent


@dataclass(frozen=True)
class Verdict:
    """The judgement of a registration: accept, warn or reject, with reasons and numbers.

    ``evidence`` maps a name with its unit, such as "overlap_fraction" or "start_agreement_mm", to its value.
    """

    decision: Literal["accept", "warn", "reject"]
    reasons: tuple[str, ...] = ()
    evidence: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Registration:
    """The outcome: ``transform`` maps points of fixed to points of moving (LPS, mm), as ITK resamples.

    ``engine`` is the back end that made it (never "auto"); ``notes`` are lines for the record.
    """

    transform: sitk.Transform
    engine: str
    settings: RegistrationSettings
    verdict: Verdict
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
