"""What a run tells: verdicts and figures from its record, progress in words. Plain data in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from MedFusionLib.metrics import METRICS
from MedFusionLib.ui.translation import tr as _

# Colours of text and ground that are readable on light and dark desktops: both are always set.
COLOURS = {
    "accept": ("#0f4d24", "#d9f2e0"),
    "warn": ("#5c3d00", "#ffefc7"),
    "reject": ("#7a1414", "#fbdcdc"),
    "plain": ("#17365d", "#dde9f7"),
}


@dataclass(frozen=True)
class VerdictLine:
    """The judgement of one registration: ``decision`` for the colour, ``title`` and ``details`` to be read."""

    decision: str
    title: str
    details: str


def style(kind: str) -> str:
    """The style sheet of a label that tells something of ``kind``: accept, warn, reject or plain."""
    text, ground = COLOURS.get(kind, COLOURS["plain"])
    return f"QLabel {{ color: {text}; background-color: {ground}; border-radius: 3px; padding: 4px; }}"


def verdict_lines(record: Mapping[str, Any]) -> list[VerdictLine]:
    """One line for each moving volume of ``record`` (its plain data)."""
    words = {"accept": _("accepted"), "warn": _("look at it"), "reject": _("rejected")}
    lines = []
    for entry in record.get("registrations", ()):
        decision = entry.get("decision", "")
        seconds = entry.get("seconds")
        by = entry.get("engine", "")
        engine = _("{engine}, {seconds:.0f} s").format(engine=by, seconds=seconds) if seconds is not None else by
        title = _("{name}: {verdict} ({engine})").format(
            name=entry.get("moving", ""), verdict=words.get(decision, decision), engine=engine)
        reasons = "; ".join(entry.get("reasons", ()))
        lines.append(VerdictLine(decision, title, "\n".join(filter(None, [reasons, _numbers(entry)]))))
    return lines


def _numbers(entry: Mapping[str, Any]) -> str:
    told = {
        "overlap_fraction": _("overlap {:.0%}"),
        "shift_mm": _("shift {:.1f} mm"),
        "rotation_deg": _("rotation {:.1f}°"),
        "start_agreement_mm": _("independent starts agree to {:.1f} mm"),
        "similarity_before": _("similarity before {:.3f}"),
        "similarity_after": _("after {:.3f}"),
    }
    evidence = entry.get("evidence", {})
    return ", ".join(words.format(evidence[name]) for name, words in told.items()
                     if isinstance(evidence.get(name), (int, float)))


def metric_title(name: str) -> str:
    """A metric's name with its unit and an arrow to where it is better: ``Mutual information (bit) ↑``."""
    entry = METRICS.get(name)
    if entry is None:
        return name.replace("_", " ").capitalize()
    unit = f" ({entry.unit})" if entry.unit else ""
    return f"{entry.title}{unit}{ {'higher': ' ↑', 'lower': ' ↓'}.get(entry.direction, '')}"


def metric_help(name: str) -> str:
    """What to know of a metric before believing it."""
    entry = METRICS.get(name)
    if entry is None:
        return ""
    better = {"higher": _("Higher is better."), "lower": _("Lower is better."),
              "context": _("Neither high nor low is good by itself.")}[entry.direction]
    return _("{better} Fooled by {fooled}. {reference}").format(
        better=better, fooled=entry.fooled_by, reference=entry.reference)


def best_of(name: str, values: Sequence[float]) -> int | None:
    """The position of the best of ``values`` of metric ``name``; None where none is best or all are one."""
    entry = METRICS.get(name)
    known = [value for value in values if value == value]
    if entry is None or entry.direction == "context" or len(set(known)) < 2:
        return None
    return values.index(max(known) if entry.direction == "higher" else min(known))


def progress_text(stage: str, message: str, seconds: float) -> str:
    """Where a run is, in words and time: ``Aligning · 0:12 · MR to CT``."""
    stages = {"read": _("Reading"), "export": _("Handing over"), "register": _("Aligning"), "fuse": _("Fusing"),
              "measure": _("Measuring"), "write": _("Writing"), "import": _("Adding to the scene")}
    shown = stages.get(stage, stage.capitalize())
    return " · ".join(filter(None, [shown, clock(seconds), message]))


def one_line(name: str) -> str:
    """``name`` without the line breaks that a node's name may hold."""
    return " ".join(name.split())


def clock(seconds: float) -> str:
    """Minutes and seconds: ``2:05``."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def memory_text(needed: int, free: int | None) -> str:
    """How much memory a fusion takes of what is free, both in bytes."""
    amount = _("needs about {needed}").format(needed=bytes_text(needed))
    return amount if free is None else _("{amount}, {free} free").format(amount=amount, free=bytes_text(free))


def bytes_text(count: float) -> str:
    """A number of bytes for people: ``1.4 GB``."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
