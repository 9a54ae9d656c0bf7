"""What was chosen in the panel, as plain data: the parameter node in, a recipe out, nothing of Qt or MRML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from MedFusionLib.fusion.automatic import AUTO
from MedFusionLib.modality import MODALITIES

MOST_MOVING = 4


@dataclass(frozen=True)
class VolumeChoice:
    """One chosen volume. ``identity`` is its node's ID; ``kind`` is scalar, colour or label map.

    ``modality`` is the one in force, guessed or chosen; ``colours`` and ``window`` are "" for the modality's default.
    ``shape`` is (z, y, x), () where the node has no voxels. ``warped``: it lies below a non-linear transform.
    """

    name: str
    identity: str = ""
    modality: str = "unknown"
    colours: str = ""
    window: str = ""
    kind: str = "scalar"
    shape: tuple[int, ...] = ()
    warped: bool = False

    @property
    def colour_map(self) -> str:
        """The colour map in force; "own" for a colour picture."""
        if self.kind == "colour":
            return "own"
        return self.colours or MODALITIES[self.modality].colour_map


@dataclass(frozen=True)
class Choices:
    """Every choice that shapes a run. ``fixed_points`` and ``moving_points`` are numbers of landmarks, None: no list.

    ``output`` is the existing volume that takes the result, None: a new one does.
    """

    fixed: VolumeChoice | None = None
    moving: tuple[VolumeChoice, ...] = ()
    has_mask: bool = False
    has_initial_transform: bool = False
    fixed_points: int | None = None
    moving_points: int | None = None
    registration: str = "auto"
    transform: str = "rigid"
    preset: str = "standard"
    continue_on_rejection: bool = False
    method: str = AUTO
    parameters: Mapping[str, Any] = field(default_factory=dict)
    plane: str = ""
    device: str = "auto"
    output: VolumeChoice | None = None
    compare_methods: tuple[str, ...] = ()

    @property
    def volumes(self) -> tuple[VolumeChoice, ...]:
        """All chosen volumes, the fixed one first."""
        return (*((self.fixed,) if self.fixed else ()), *self.moving)

    @property
    def is_coloured(self) -> bool:
        """Whether the fused volume will be in colour."""
        return any(volume.colour_map != "grey" for volume in self.volumes)
