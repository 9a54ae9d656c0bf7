"""What a preset is made of, as data: steps, and settings that depend on the picture's size or the preset's strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

#: What one call of a step's transform is given. "together": all sources of an item, its colour and its clean sources,
#: stacked; "apart": one source, whose colour then follows; "colour": an item's colour; "input": one source as only the
#: network sees it, while the loss keeps the clean one; "batch": the batch, because the step mixes patients.
Scope = Literal["together", "apart", "colour", "input", "batch"]


@dataclass(frozen=True)
class PerAxis:
    """A setting that needs one value for each spatial axis: ``value`` repeated."""

    value: Any


@dataclass(frozen=True)
class Part:
    """A setting in voxels that is a part of the picture's extent on each axis; 1 is the whole, at least one voxel."""

    part: float


@dataclass(frozen=True)
class ByDimension:
    """A setting that is ``flat`` for pictures and ``deep`` for volumes."""

    flat: Any
    deep: Any


@dataclass(frozen=True)
class Strength:
    """A setting that grows with the preset's magnitude: ``weak`` at 0, ``strong`` at 1; numbers or tuples of them."""

    weak: Any
    strong: Any


@dataclass(frozen=True)
class Step:
    """One transform of a preset.

    ``transform`` is "module:name" of a class of MONAI or TorchIO, called with ``settings`` (probabilities inside it
    at 1), or of a function of this package. ``chance`` is the probability with which it acts, drawn for each item,
    where ``scope`` is "apart" for each source. With ``keep_black`` what was 0 stays 0.
    """

    transform: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope = "together"
    chance: float = 1.0
    keep_black: bool = False


@dataclass(frozen=True)
class Preset:
    """A named augmentation: its ``steps`` in order, and in ``summary`` one line of what it does.

    With ``choose`` each item passes that many of the steps, drawn at random, and not all. ``magnitude`` in [0, 1]
    is how strong the settings of kind :class:`Strength` are. ``dimensions`` are the numbers of spatial axes it takes.
    """

    name: str
    summary: str
    steps: tuple[Step, ...] = ()
    choose: int | None = None
    magnitude: float = 1.0
    dimensions: tuple[int, ...] = (2, 3)


def resolve(value: Any, spatial: Sequence[int], magnitude: float) -> Any:
    """``value`` of a setting as the transform takes it, for pictures of the shape ``spatial``."""
    if isinstance(value, PerAxis):
        return (resolve(value.value, spatial, magnitude),) * len(spatial)
    if isinstance(value, ByDimension):
        return value.deep if len(spatial) == 3 else value.flat
    if isinstance(value, Part):
        return tuple(max(1, round(value.part * extent)) for extent in spatial)
    if isinstance(value, Strength):
        return _between(value.weak, value.strong, magnitude)
    return value


def _between(weak: Any, strong: Any, share: float) -> Any:
    if isinstance(weak, tuple):
        return tuple(_between(low, high, share) for low, high in zip(weak, strong, strict=True))
    return weak + share * (strong - weak)
