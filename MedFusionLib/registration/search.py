"""Finding a rigid alignment from anywhere near: everywhere first, then finer and finer, then a second time.

All steps climb one measure (similarity.py), so that the end does not depend on where the volumes started.
"""

from __future__ import annotations

from collections.abc import Sequence
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


@dataclass(frozen=True)
class Level:
    """One step from coarse to fine: smoothing in mm, points, the slope (1/mm) that counts as flat, evaluations at most
    a basin, and how many basins go on.
    """

    scale: float
    points: int
    flat: float
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
        Level(8.0, 3000, 5e-5, 25, 8),
        Level(5.0, 8000, 2e-5, 25, 4),
        Level(3.0, 20000, 1e-5, 25, 2),
        Level(2.0, 60000, 1e-6, 60, 1),
    )


@dataclass(frozen=True)
class Found:
    """What a search found: motions of the template that are optima of the finest level, the best first."""

    optima: tuple[Scored, ...]

    @property
    def similarity(self) -> float:
        """The similarity of the best."""
        return self.optima[0][0]

    @property
    def motion(self) -> Motion:
        """The best."""
        return self.optima[0][1]


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
        basins = apart(climbed, probe, level.kept, level.scale / 4)
    progress("register", 1.0, f"search: similarity {basins[0][0]:.4f}")
    return Found(tuple(basins))


def merge(template: Prepared, other: Prepared, plan: Plan, first: Found, second: Found) -> Found:
    """The optima of both searches by the first one's measure, the second one's climbed by it."""
    level, measure = plan.levels[-1], finest(template, other, plan)
    climbed = [measure.climb(motion, level.flat, level.evaluations) for _, motion in second.optima]
    scored = [*first.optima, *((value, motion) for motion, value in climbed)]
    return Found(tuple(sorted(scored, key=lambda one: -one[0])))


def finest(template: Prepared, other: Prepared, plan: Plan) -> Similarity:
    """The measure at the finest level: by it alignments of one pair are compared."""
    level = plan.levels[-1]
    return Similarity(template, other, level.scale, level.points, plan.seed + len(plan.levels) - 1)


def look_everywhere(template: Prepared, other: Prepared, plan: Plan, progress: Progress = silent) -> list[Scored]:
    """The best shifts for every rotation of the lattice."""
    search_all = Everywhere(template, other, plan.voxel)
    lattice = rotation_lattice(plan.radius, plan.step) + plan.turn
    scored: list[Scored] = []
    for number, found in enumerate(candidates(search_all, lattice)):
        progress("register", number / len(lattice), "search: looking everywhere")
        scored += found
    return scored


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
    """Each of ``motions`` climbed; the outcome of one does not depend on the others."""
    climbed: list[Scored] = []
    for number, motion in enumerate(motions):
        progress("register", number / len(motions), f"search: start {number + 1} at {level.scale:g} mm")
        found, value = similarity.climb(motion, level.flat, level.evaluations)
        climbed.append((value, found))
    return climbed
