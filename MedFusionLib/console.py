"""What the command line says while it works: a bar, JSON lines, or nothing."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

from MedFusionLib.progress import Progress, silent

_WIDTH = 24


class Bar:
    """A line for each stage, with a bar that moves where the stream is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """``stream`` is where to write (default: standard output)."""
        self._stream = stream or sys.stdout
        self._moves = self._stream.isatty()
        self._started = time.perf_counter()
        self._last = ("", "")

    def __call__(self, stage: str, fraction: float, message: str = "") -> None:
        """Show where the work is."""
        if self._moves:
            done = round(_WIDTH * min(max(fraction, 0.0), 1.0))
            bar = "█" * done + "·" * (_WIDTH - done)
            self._stream.write(f"\r\x1b[K{self._clock()} {stage:9} {bar} {message[:60]}")
            if fraction >= 1.0:
                self._stream.write("\n")
        elif (stage, message) != self._last and message:
            self._stream.write(f"{self._clock()} {stage:9} {message}\n")
        self._last = (stage, message)
        self._stream.flush()

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
