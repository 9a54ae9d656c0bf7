"""The short account of a run that a person reads at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        lines.append(f"  {source.name}: {verdict.decision} ({registration.engine}, {registration.seconds:.0f} s)")
        lines += [f"    {reason}" for reason in verdict.reasons]
        lines.append(f"    {_evidence(verdict.evidence)}")
    lines.append("Fusion")
    for fusion in result.fusions:
        figures = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in fusion.metrics.items())
        lines += [f"  {fusion.name} ({fusion.method})", f"    {figures}"]
    if files:
        lines.append(f"Written to {files[0].parent}")
        lines += [f"  {file.name}" for file in files]
    return "\n".join([*lines, "", NOTICE])


def _evidence(evidence: Mapping[str, float]) -> str:
    """The numbers a person looks at first."""
    told = {
        "overlap_fraction": "overlap {:.0%}",
        "rotation_deg": "rotation {:.1f} degrees",
        "shift_mm": "shift {:.1f} mm",
        "start_agreement_mm": "independent starts agree to {:.1f} mm",
        "similarity_before": "similarity {:.3f} before",
        "similarity_after": "{:.3f} after",
    }
    return ", ".join(words.format(evidence[name]) for name, words in told.items() if name in evidence)
