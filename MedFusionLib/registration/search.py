"""Finding a rigid alignment from anywhere near: everywhere first, then finer and finer, then a second time.

All steps climb one measure (similarity.py), so that the end does not depend on where the volumes started.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from MedFusionLib.progress import Progress, silent, within
from MedFusionLib.registration.everywhere import Everywhere, candidates
from MedFusionLib.registration.motion import Motion, distance, rotation_lattice
from MedFusionLib.registration.prepared import Prepared
from MedFusionLib.registration.similarity import Similarity

Scored = tuple[float, Motion]
_APART = 9.0
_WORKERS = 2


@dataclass(frozen=True)
class Level:
    """One step from coarse to fine: smoothing and simplex in mm, points, evaluations, and how many basins go on."""

    scale: float
    points: int
    step: float
    tolerance: float
    evaluations: int
    kept: int


@dataclass(frozen=True)
class Plan:
    """How thorough a search is: lengths in mm, angles in degrees; ``seed`` chooses the points, ``turn`` the lattice."""

    seed: int = 0
    voxel: float = 9.0
    radius: float = 25.0
    step: float = 12.0
    turn: float = 0.0
    starts: int = 16
    levels: tuple[Level, ...] = (
        Level(6.0, 2000, 5.0, 1.0, 80, 5),
        Level(4.0, 5000, 2.0, 0.3, 130, 2),
        Level(2.5, 12000, 1.0, 0.1, 130, 1),
        Level(1.5, 30000, 0.4, 0.01, 200, 1),
    )


@dataclass(frozen=True)
class Found:
    """What a search found: the best motion of the template, and its similarity."""

    motion: Motion
    similarity: float


def search(
    template: Prepared, other: Prepared, plan: Plan, starts: Sequence[Motion] = (), progress: Progress = silent
) -> Found:
    """The rigid motion of ``template`` that makes it most similar to ``other``, ``starts`` being looked at too."""
    scored = look_everywhere(template, other, plan, within(progress, "register", 0.0, 0.4))
    probe = template.region_points(200, plan.seed)
    basins = [(0.0, motion) for motion in starts] + apart(scored, probe, plan.starts, _APART)
    for number, level in enumerate(plan.levels):
        part = within(
            progress, "register", 0.4 + 0.6 * number / len(plan.levels), 0.4 + 0.6 * (number + 1) / len(plan.levels)
        )
        similarity = Similarity(template, other, level.scale, level.points, plan.seed + number)
        climbed = _climb_all(similarity, [motion for _, motion in basins], level, part)
        basins = apart(climbed, probe, level.kept, 2 * level.tolerance)
    progress("register", 1.0, f"search: similarity {basins[0][0]:.4f}")
    return Found(basins[0][1], basins[0][0])


def finest(template: Prepared, other: Prepared, plan: Plan) -> Similarity:
    """The measure at the finest level: by it alignments of one pair are compared."""
    level = plan.levels[-1]
    return Similarity(template, other, level.scale, level.points, plan.seed + len(plan.levels) - 1)


def look_everywhere(template: Prepared, other: Prepared, plan: Plan, progress: Progress = silent) -> list[Scored]:
    """The best shifts for every rotation of the lattice, the most similar first."""
    search_all = Everywhere(template, other, plan.voxel)
    lattice = rotation_lattice(plan.radius, plan.step) + plan.turn
    scored: list[Scored] = []
    for number, found in enumerate(candidates(search_all, lattice)):
        progress("register", number / len(lattice), "search: looking everywhere")
        scored += found
    return sorted(scored, key=lambda entry: -entry[0])


def apart(scored: Sequence[Scored], probe: npt.NDArray[np.float64], most: int, least: float) -> list[Scored]:
    """The best of ``scored``, at most ``most``, that put ``probe`` at least ``least`` mm apart."""
    kept: list[Scored] = []
    for entry in sorted(scored, key=lambda one: -one[0]):
        if all(distance(entry[1], other[1], probe) > least for other in kept):
            kept.append(entry)
            if len(kept) == most:
                break
    return kept


def _climb_all(similarity: Similarity, motions: Sequence[Motion], level: Level, progress: Progress) -> list[Scored]:
    """Each of ``motions`` climbed, two at a time; the outcome of one does not depend on the others."""

    def climb(motion: Motion) -> Scored:
        found, value = similarity.climb(motion, level.step, level.tolerance, level.evaluations)
        return value, found

    climbed: list[Scored] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        for number, scored in enumerate(pool.map(climb, motions)):
            progress("register", number / len(motions), f"search: start {number + 1} at {level.scale:g} mm")
            climbed.append(scored)
    return climbed
