"""What the command line says while it works: a bar, JSON lines, or nothing."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

from MedFusionLib.progress import Progress, silent

_WIDTH = 24
_STEP = 0.2


class Bar:
    """A bar that moves where the stream is a terminal; elsewhere a line for each stage and each fifth of it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """``stream`` is where to write (default: standard output)."""
        self._stream = stream or sys.stdout
        self._moves = self._stream.isatty()
        self._started = time.perf_counter()
        self._stage, self._told = "", 0.0

    def __call__(self, stage: str, fraction: float, message: str = "") -> None:
        """Show where the work is."""
        if self._moves:
            self._draw(stage, fraction, message)
        elif stage != self._stage or fraction >= self._told + _STEP - 1e-6:
            self._stream.write(f"{self._clock()} {stage:9} {fraction:4.0%}  {message}\n")
            self._told = fraction
        self._stage = stage
        self._stream.flush()

    def _draw(self, stage: str, fraction: float, message: str) -> None:
        """One line for each stage, drawn again in place."""
        if self._stage not in ("", stage):
            self._stream.write("\n")
        done = round(_WIDTH * min(max(fraction, 0.0), 1.0))
        bar = "█" * done + "·" * (_WIDTH - done)
        self._stream.write(f"\r\x1b[K{self._clock()} {stage:9} {bar} {message[:60]}")

    def _clock(self) -> str:
        return f"{time.perf_counter() - self._started:5.1f} s"


def json_lines(stage: str, fraction: float, message: str = "") -> None:
    """One JSON object a line on standard output: stage, fraction, message."""
    print_json({"stage": stage, "fraction": round(fraction, 4), "message": message})


def print_json(data: dict[str, Any]) -> None:
    """``data`` as one line of JSON on standard output."""
    print(json.dumps(data, ensure_ascii=False), flush=True)


def progress_of(kind: str) -> Progress:
    """The progress called ``kind``: bar, json or none."""
    kinds: dict[str, Progress] = {"bar": Bar(), "json": json_lines, "none": silent}
    return kinds[kind]
