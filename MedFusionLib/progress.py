"""How long work tells where it is, and how it is asked to stop.

Work takes a ``Progress`` and calls it as ``progress(stage, fraction, message)``. To cancel, the
callable raises :class:`~MedFusionLib.errors.Cancelled`; the work lets it pass and leaves nothing behind.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the stage's name, the fraction of it that is done (0 to 1) and a short message."""

    def __call__(self, stage: str, fraction: float, message: str = "") -> None: ...


def silent(stage: str, fraction: float, message: str = "") -> None:
    """The progress of someone who does not look."""


def within(progress: Progress, whole: str, start: float, end: float) -> Progress:
    """A progress for a part of the stage ``whole`` that spans the fractions ``start`` to ``end`` of it."""

    def report(stage: str, fraction: float, message: str = "") -> None:
        progress(whole, start + (end - start) * min(max(fraction, 0.0), 1.0), message or stage)

    return report
