"""An analysis as text for people and as plain data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from MedFusionLib.record import plain
from MedFusionLib.study import CRITERIA
from MedFusionLib.study.analyse import Analysis


def as_text(analysis: Analysis) -> str:
    """Opinion scores with intervals, preferences, agreement and correlations, as Markdown tables."""
    ordered = sorted(analysis.methods, key=lambda method: -analysis.opinions[method]["overall"].mean)
    opinions = [
        [method, *(_opinion(analysis, method, criterion) for criterion in CRITERIA), *_preference(analysis, method)]
        for method in ordered
    ]
    agreements = [
        [criterion, *(_number(value, "{:.2f}") for value in (found.kappa, found.single, found.mean)), str(found.items)]
        for criterion, found in analysis.agreements.items()
    ]
    correlations = [
        [name, _number(found.rho, "{:+.2f}"), _number(found.p, "{:.3f}"), str(found.count)]
        for name, found in sorted(analysis.correlations.items(), key=lambda entry: -np.nan_to_num(abs(entry[1].rho)))
    ]
    parts = [
        f"Readers: {len(analysis.readers)}. Mean opinion scores (1 to 5, 5 is best) with 95 % bootstrap intervals over "
        "readers and cases; forced choices won, and Bradley-Terry log-ability.",
        _table(["method", *CRITERIA, "won", "ability"], opinions),
        "Agreement between readers: Fleiss' kappa, ICC(2,1), ICC(2,k).",
        _table(["criterion", "kappa", "ICC(2,1)", "ICC(2,k)", "items"], agreements),
    ]
    if correlations:
        parts += ["Spearman's correlation of metrics with the overall score.",
                  _table(["metric", "rho", "p", "n"], correlations)]
    return "\n\n".join(parts)


def as_data(analysis: Analysis) -> dict[str, Any]:
    """The analysis as plain data for JSON; figures that are not finite become text."""
    return dict(plain(asdict(analysis)))


def _opinion(analysis: Analysis, method: str, criterion: str) -> str:
    found = analysis.opinions[method][criterion]
    return _number(found.mean, f"{{:.2f}} ({found.lower:.2f} to {found.upper:.2f})")


def _preference(analysis: Analysis, method: str) -> tuple[str, str]:
    found = analysis.preferences[method]
    return f"{found.won:.0%} of {found.choices}" if found.choices else "–", _number(found.ability, "{:+.2f}")


def _number(value: float, form: str) -> str:
    """``value`` in ``form``; a dash where it is not known."""
    return form.format(value) if np.isfinite(value) else "–"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
