"""The short account of a run that a person reads at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from MedFusionLib.pipeline import Result
from MedFusionLib.record import NOTICE


def summarise(result: Result, files: Sequence[Path]) -> str:
    """Verdicts, figures and files of ``result``, as plain text."""
    lines = ["", "Registration"]
    for source, registration in zip(result.sources[1:], result.registrations[1:], strict=True):
        if registration is None:
            lines.append(f"  {source.name}: taken as registered")
            continue
        verdict = registration.verdict
        evidence = ", ".join(f"{name} {value:.3g}" for name, value in list(verdict.evidence.items())[:6])
        lines.append(
            f"  {source.name}: {verdict.decision} ({registration.engine}, {registration.seconds:.1f} s; {evidence})"
        )
        lines += [f"    {reason}" for reason in verdict.reasons]
    lines.append("Fusion")
    for fusion in result.fusions:
        figures = ", ".join(f"{name} {value:.3g}" for name, value in fusion.metrics.items())
        lines.append(f"  {fusion.name}: {figures}")
    if files:
        lines.append(f"Written to {files[0].parent}")
        lines += [f"  {file.name}" for file in files]
    return "\n".join([*lines, NOTICE])
