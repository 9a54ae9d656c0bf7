"""Reader study: people score fused pictures without knowing what made them, and the figures are held against them.

``make`` writes a page that works without network and a key that is kept apart; readers send back their answers as
JSON; ``analyse`` gives mean opinion scores, agreement, preferences, and how each metric goes with the readers.
"""

from __future__ import annotations

from dataclasses import dataclass

from MedFusionLib.volume import Array

FORMAT = 1
#: What is scored from 1 to 5, and what the ends of the scale mean; 5 is always the better end.
CRITERIA: dict[str, tuple[str, str, str]] = {
    "overall": ("Overall", "useless", "excellent"),
    "anatomy": ("Anatomy visible", "not at all", "as in the source"),
    "function": ("Function or second source visible", "not at all", "as in the source"),
    "artefacts": ("Free of artefacts", "disturbing", "none seen"),
}


@dataclass(frozen=True, eq=False)
class Case:
    """One case: its sources and its fused pictures by name, (rows, columns) or (rows, columns, 3) in [0, 1].

    ``aspect`` is width over height as the pictures are to be shown.
    """

    name: str
    sources: dict[str, Array]
    fused: dict[str, Array]
    aspect: float


@dataclass(frozen=True)
class Item:
    """A fused picture to be scored; ``identity`` is all that a reader sees of it."""

    identity: str
    case: str
    method: str


@dataclass(frozen=True)
class Choice:
    """Two fused pictures of one case between which a reader must choose."""

    identity: str
    case: str
    left: str
    right: str


@dataclass(frozen=True)
class Key:
    """What lies behind the anonymous names; readers must not see it."""

    study: str
    seed: int
    items: tuple[Item, ...]
    choices: tuple[Choice, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods, in the order of the alphabet."""
        return tuple(sorted({item.method for item in self.items}))
