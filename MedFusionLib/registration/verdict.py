"""Judging a registration: accept, warn or reject, by rules a physicist can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from MedFusionLib.registration.evidence import WRONG_WAYS, evidence_name
from MedFusionLib.registration.settings import Verdict

Evidence = Mapping[str, float]


@dataclass(frozen=True)
class Rule:
    """One rule: what it looks at, the limits of warn and reject, and the words for the reader.

    ``value`` gives the number, None where the rule does not apply. ``worse`` says which side is bad.
    """

    value: Callable[[Evidence], float | None]
    warn: float
    reject: float
    worse: Literal["above", "below"]
    words: str

    def decide(self, evidence: Evidence) -> tuple[int, str]:
        """0, 1 or 2 for accept, warn or reject, and the reason."""
        value = self.value(evidence)
        if value is None:
            return 0, ""
        sign = 1.0 if self.worse == "above" else -1.0
        level = sum(sign * value > sign * limit for limit in (self.warn, self.reject))
        return level, self.words.format(value=value, limit=self.reject if level == 2 else self.warn)


def margin(evidence: Evidence) -> float | None:
    """By how much the alignment beats the best wrong way to lie, relative to its own similarity."""
    found = evidence["similarity_compared"]
    chance = max(evidence[evidence_name(way)] for way in WRONG_WAYS)
    return (found - chance) / found if found > 0 else -1.0


RULES: tuple[Rule, ...] = (
    Rule(lambda e: e["overlap_fraction"], 0.6, 0.3, "below", "only {value:.0%} of the smaller field of view overlaps"),
    Rule(lambda e: e["start_agreement_mm"], 2.0, 8.0, "above", "two independent starts disagree by {value:.1f} mm"),
    Rule(
        margin, 0.1, 0.0, "below", "a mirrored or turned copy fits {value:+.0%} worse: flip or wrong patient suspected"
    ),
    Rule(
        lambda e: e["similarity_after"] - e["similarity_before"],
        -1e-4,
        -0.002,
        "below",
        "similarity fell by {value:.4f}",
    ),
    Rule(lambda e: e["rotation_deg"], 45.0, 120.0, "above", "rotation of {value:.0f} degrees"),
    Rule(lambda e: e.get("jacobian_min"), 0.2, 0.0, "below", "least Jacobian {value:.2f}: tissue is crushed or folded"),
    Rule(lambda e: e.get("jacobian_max"), 5.0, 10.0, "above", "greatest Jacobian {value:.2f}: tissue is blown up"),
)
_DECISIONS: tuple[Literal["accept", "warn", "reject"], ...] = ("accept", "warn", "reject")


def judge(evidence: Evidence) -> Verdict:
    """The verdict on ``evidence`` (evidence.py): the worst of all rules, with the reasons of those that fired."""
    fired = [rule.decide(evidence) for rule in RULES]
    worst = max(level for level, _ in fired)
    reasons = tuple(reason for level, reason in sorted(fired, key=lambda one: -one[0]) if level)
    return Verdict(_DECISIONS[worst], reasons, dict(evidence))
