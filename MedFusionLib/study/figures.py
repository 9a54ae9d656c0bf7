"""The figures that are held against the readers, from the files of a benchmark or a comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from MedFusionLib.errors import BadInput


def read_figures(path: Path) -> dict[str, dict[tuple[str, str], float]]:
    """The figures by name, then by (case, method), in the JSON file of a benchmark or of a comparison.

    A comparison's are of each method in all cases: their case is "". Raises ``BadInput`` for another file.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _of_benchmark(data) if "cases" in data else _of_comparison(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(
            f"{path} holds no figures", "Give comparison.json, or the file that 'medfusion benchmark --json' wrote"
        ) from None


def _of_benchmark(data: dict[str, Any]) -> dict[str, dict[tuple[str, str], float]]:
    cases = [Path(case["name"]).stem for case in data["cases"]]
    return {
        name: {
            (case, row["name"]): _number(value)
            for row in data["rows"]
            for case, value in zip(cases, row["scores"].get(name, ()), strict=False)
        }
        for name in data["figures"]
    }


def _of_comparison(data: dict[str, Any]) -> dict[str, dict[tuple[str, str], float]]:
    return {
        name: {("", row["name"]): _number(row["figures"][name]) for row in data["rows"] if name in row["figures"]}
        for name in data["figures"]
    }


def _number(value: Any) -> float:
    """Figures that are not finite stand as text in JSON."""
    number = float(value)
    return number if np.isfinite(number) else float("nan")
