"""Judging a registration: accept, warn or reject, by rules a physicist can read.

Each rule looks at the evidence (evidence.py) and finds nothing, or a reason to warn or to reject. The worst finding is
the verdict. The limits were chosen on the non-test patients of the sarcoma collection;
Testing/Benchmarks/registration_verdict.py shows what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from MedFusionLib.registration.evidence import WRONG_WAYS, evidence_name
from MedFusionLib.registration.settings import Verdict

Evidence = Mapping[str, float]
Finding = tuple[Literal["warn", "reject"], str]
Rule = Callable[[Evidence], Finding | None]

OVERLAP_WARN, OVERLAP_REJECT = 0.7, 0.3
AGREEMENT_WARN_MM, AGREEMENT_REJECT_MM = 3.0, 8.0
NEAR_DEG, NEAR_MM = 10.0, 20.0
# By how much of its own similarity an alignment must beat the wrong ways: less is a warning, or a rejection.
MARGINS = {"far": (0.2, 0.0), "near": (0.05, -0.15), "functional": (-0.1, -0.3)}
LOSS = 0.03
ROTATION_WARN_DEG = 45.0
JACOBIAN_WARN, JACOBIAN_REJECT = (0.2, 5.0), (0.0, 10.0)


def overlap(evidence: Evidence) -> Finding | None:
    """How much of the smaller field of view lies in the other."""
    share = evidence["overlap_fraction"]
    if share >= OVERLAP_WARN:
        return None
    words = f"only {share:.0%} of the smaller field of view overlap"
    return ("reject" if share < OVERLAP_REJECT else "warn"), words


def agreement(evidence: Evidence) -> Finding | None:
    """How far apart independent starts end."""
    apart = evidence["start_agreement_mm"]
    if apart <= AGREEMENT_WARN_MM:
        return None
    words = f"independent starts end {apart:.1f} mm apart"
    return ("reject" if apart > AGREEMENT_REJECT_MM else "warn"), words


def better_before(evidence: Evidence) -> Finding | None:
    """The volumes must not be less similar than they were as they lay."""
    before, after = evidence["similarity_before"], evidence["similarity_after"]
    if after >= before - LOSS * abs(before):
        return None
    return "reject", f"similarity fell from {before:.4f} to {after:.4f}"


def better_elsewhere(evidence: Evidence) -> Finding | None:
    """An independent search must not find a clearly better place."""
    elsewhere, after = evidence["similarity_elsewhere"], evidence["similarity_after"]
    if after >= elsewhere - LOSS * abs(elsewhere):
        return None
    return "reject", f"a search found a better place elsewhere (similarity {elsewhere:.4f}, here {after:.4f})"


def wrong_way(evidence: Evidence) -> Finding | None:
    """Mirrored and turned copies show what fits by chance: the alignment must beat the best of them.

    Where it lies near where the volumes' own coordinates put it, they are a witness for it, and less is asked; least of
    a functional volume, whose few hot spots fit their mirror image almost as well.
    """
    found = evidence["similarity_compared"]
    way = max(WRONG_WAYS, key=lambda name: evidence[evidence_name(name)])
    chance = evidence[evidence_name(way)]
    margin = (found - chance) / found if found > 0 else -1.0
    near = evidence["rotation_deg"] <= NEAR_DEG and evidence["shift_mm"] <= NEAR_MM
    limits = MARGINS["functional" if near and evidence["functional"] else "near" if near else "far"]
    if margin >= limits[0]:
        return None
    if margin >= limits[1]:
        return "warn", f"hardly better than a copy {way} (similarity {found:.4f} and {chance:.4f}): look at it"
    suspect = "upside down or turned" if len(WRONG_WAYS[way]) == 2 else "left-right flip or another mirror image"
    return "reject", f"a copy {way} fits better (similarity {chance:.4f}, here {found:.4f}): {suspect} suspected"


def rotation(evidence: Evidence) -> Finding | None:
    """A patient hardly ever lies that much turned."""
    angle = evidence["rotation_deg"]
    return ("warn", f"rotation of {angle:.0f} degrees") if angle > ROTATION_WARN_DEG else None


def volume_change(evidence: Evidence) -> Finding | None:
    """The Jacobian of a B-spline: tissue is neither folded, crushed nor blown up."""
    if "jacobian_min" not in evidence:
        return None
    low, high = evidence["jacobian_min"], evidence["jacobian_max"]
    if low >= JACOBIAN_WARN[0] and high <= JACOBIAN_WARN[1]:
        return None
    bad = low <= JACOBIAN_REJECT[0] or high > JACOBIAN_REJECT[1]
    what = "folded" if low <= JACOBIAN_REJECT[0] else "crushed" if low < JACOBIAN_WARN[0] else "blown up"
    return ("reject" if bad else "warn"), f"Jacobian from {low:.2f} to {high:.2f}: tissue is {what}"


RULES: tuple[Rule, ...] = (
    overlap,
    agreement,
    better_before,
    better_elsewhere,
    wrong_way,
    rotation,
    volume_change,
)


def judge(evidence: Evidence) -> Verdict:
    """The verdict on ``evidence``: the worst of all findings, which stand worst first as reasons."""
    findings = [finding for rule in RULES if (finding := rule(evidence))]
    findings.sort(key=lambda finding: finding[0] != "reject")
    decision = findings[0][0] if findings else "accept"
    return Verdict(decision, tuple(words for _, words in findings), dict(evidence))
