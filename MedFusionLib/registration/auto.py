"""The back end ``auto``, and every other one with an independent opinion beside it.

``auto`` makes the search of search.py twice, independently; then, for what a rigid motion cannot do (similarity,
affine, B-spline), runs the first engine of ``ORDER`` that is available from the better of the two. Of all candidates
the one with the highest common similarity (similarity.py, finest scale) is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import SimpleITK as sitk

from MedFusionLib.errors import RegistrationFailed
from MedFusionLib.progress import within
from MedFusionLib.registration.engines import ENGINES
from MedFusionLib.registration.evidence import Pair, second_search
from MedFusionLib.registration.initial import start
from MedFusionLib.registration.motion import Motion
from MedFusionLib.registration.search import Plan, merge, search
from MedFusionLib.registration.settings import Request

ORDER = ("elastix", "brainsfit", "simpleitk")


@dataclass(frozen=True, eq=False)
class Outcome:
    """The kept transform (fixed to moving), who made it, the independent answers, and a line on each candidate."""

    transform: sitk.Transform
    engine: str
    independent: tuple[Motion, ...]
    notes: tuple[str, ...]


def starts(pair: Pair, request: Request) -> list[Motion]:
    """The starts that are always looked at: the volumes' own coordinates, and the one that the request names."""
    named = start(request)
    own = Motion.none(pair.template.region_points(100, 0).mean(axis=0))
    return [own, pair.motion(named)]


def register(pair: Pair, request: Request) -> Outcome:
    """Align ``request``'s volumes; lets ``Cancelled`` of its progress pass."""
    begin = starts(pair, request)
    plan = Plan(seed=request.settings.seed)
    first = search(pair.template, pair.other, plan, begin, within(request.progress, "register", 0.0, 0.4))
    second = second_search(pair, begin, within(request.progress, "register", 0.4, 0.8))
    best = merge(pair.template, pair.other, plan, first, second)
    notes = [f"search: similarity {found.similarity:.4f}" for found in (first, second, best)]
    rigid = Outcome(pair.transform(best.motion), "search", (first.motion, second.motion), tuple(notes))
    return rigid if request.settings.transform == "rigid" else _richer(pair, request, rigid)


def one_engine(pair: Pair, request: Request, name: str) -> Outcome:
    """Align with the engine ``name`` alone; the search is made all the same, as an independent opinion."""
    transform = ENGINES[name].register(replace(request, progress=within(request.progress, "register", 0.0, 0.6)))
    second = second_search(pair, starts(pair, request), within(request.progress, "register", 0.6, 1.0))
    note = f"{name}: similarity {pair.similarity(transform):.4f}, independent search {second.similarity:.4f}"
    return Outcome(transform, name, (second.motion,), (note,))


def _richer(pair: Pair, request: Request, rigid: Outcome) -> Outcome:
    """What the first engine that can makes of the rigid alignment; the rigid one where that is no better."""
    progress = within(request.progress, "register", 0.8, 1.0)
    notes = list(rigid.notes)
    for name in _available(request):
        try:
            found = ENGINES[name].register(replace(request, initial=rigid.transform, progress=progress))
        except RegistrationFailed as failure:
            notes.append(f"{name}: {failure}")
            continue
        before, after = pair.similarity(rigid.transform), pair.similarity(found)
        notes.append(f"{name}: similarity {after:.4f}, rigid {before:.4f}")
        if after > before:
            return Outcome(found, name, rigid.independent, tuple(notes))
        break
    return replace(rigid, notes=tuple(notes))


def _available(request: Request) -> Sequence[str]:
    kind = request.settings.transform
    return [
        name for name in ORDER if kind in ENGINES[name].transforms and not ENGINES[name].available(request.settings)
    ]
