"""What speaks for and against a registration, in numbers: gathered here, judged in verdict.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from MedFusionLib.progress import Progress, silent, within
from MedFusionLib.registration.masks import body
from MedFusionLib.registration.motion import Motion
from MedFusionLib.registration.prepared import Prepared, prepare
from MedFusionLib.registration.search import Found, Level, Plan, finest, search
from MedFusionLib.registration.settings import Points, Request
from MedFusionLib.registration.similarity import Similarity
from MedFusionLib.registration.transforms import apply, jacobian_range, rotation_degrees, shift_mm
from MedFusionLib.resample import field_of_view

#: The ways a volume can lie wrong: patient axes that are mirrored (0 left-right, 1 front-back, 2 head-foot).
#: Two axes are a half turn; one or three are mirrored anatomy.
WRONG_WAYS: dict[str, tuple[int, ...]] = {
    "mirrored left-right": (0,),
    "mirrored front-back": (1,),
    "mirrored head-foot": (2,),
    "mirrored in all axes": (0, 1, 2),
    "turned about head-foot": (0, 1),
    "turned about front-back": (0, 2),
    "turned about left-right": (1, 2),
}
_LOOK = Level(8.0, 3000, 5e-5, 25, 2)
_COMPARE = Level(5.0, 8000, 2e-5, 25, 1)
_GLANCE = Plan(voxel=12.0, radius=20.0, step=15.0, starts=4, levels=(_LOOK, _COMPARE))
_SECOND_SEED = 100
_PROBES = 2000


@dataclass(frozen=True, eq=False)
class Pair:
    """The two volumes of a request made ready: the one that sees less is the template."""

    template: Prepared
    other: Prepared
    moving_is_template: bool

    @classmethod
    def of(cls, request: Request) -> Pair:
        """The pair of ``request``, with its masks."""
        fixed = prepare(request.fixed, request.fixed_mask)
        moving = prepare(request.moving, request.moving_mask)
        if moving.extent <= fixed.extent:
            return cls(moving, fixed, True)
        return cls(fixed, moving, False)

    def transform(self, motion: Motion) -> sitk.Transform:
        """A motion of the template as the transform from fixed to moving."""
        return motion.transform(inverse=self.moving_is_template)

    def motion(self, transform: sitk.Transform) -> Motion:
        """The rigid motion of the template nearest to ``transform`` (least squares over its region)."""
        points = self.template.region_points(_PROBES, 0)
        mapped = self.mapped(transform, points)
        centre, target = points.mean(axis=0), mapped.mean(axis=0)
        left, _, right = np.linalg.svd((points - centre).T @ (mapped - target))
        flip = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(right.T @ left.T)))])
        turn = Rotation.from_matrix(right.T @ flip @ left.T).as_rotvec()
        return Motion(turn, target - centre, centre)

    def mapped(self, transform: sitk.Transform, points: Points) -> Points:
        """Where ``transform`` (fixed to moving) puts the template's ``points`` in the other volume."""
        return unmapped(transform, points) if self.moving_is_template else apply(transform, points)

    def similarity(self, transform: sitk.Transform) -> float:
        """The common measure of ``transform``: NMI - 1 at the finest scale."""
        measure = finest(self.template, self.other, Plan())
        return measure.at(self.mapped(transform, measure.points))


def unmapped(transform: sitk.Transform, points: Points) -> Points:
    """The points that ``transform`` maps to ``points``, by Newton's steps with its best affine approximation."""
    sample = points[:: max(1, len(points) // 500)]
    design = np.column_stack([sample, np.ones(len(sample))])
    affine, *_ = np.linalg.lstsq(design, apply(transform, sample), rcond=None)
    back = np.linalg.inv(affine[:3])
    found: Points = (points - affine[3]) @ back
    for _ in range(1 if transform.IsLinear() else 10):
        found = found + (points - apply(transform, found)) @ back
    return found


def second_search(pair: Pair, starts: Sequence[Motion], progress: Progress = silent) -> Found:
    """A search that shares neither points, nor lattice, nor order with the first one."""
    return search(pair.template, pair.other, Plan(seed=_SECOND_SEED, turn=5.0, voxel=10.0), starts, progress)


def gather(
    pair: Pair, request: Request, transform: sitk.Transform, independent: Sequence[Motion], progress: Progress = silent
) -> dict[str, float]:
    """The evidence on ``transform``; ``independent`` are the answers of searches that know nothing of it."""
    measure = finest(pair.template, pair.other, Plan())
    mapped = pair.mapped(transform, measure.points)
    centre = measure.points.mean(axis=0)
    motion = pair.motion(transform)
    linear = pair.transform(motion)
    evidence = {
        "overlap_fraction": measure.joint(mapped)[1],
        "similarity_before": measure.at(measure.points),
        "similarity_after": measure.at(mapped),
        "rotation_deg": rotation_degrees(linear),
        "shift_mm": shift_mm(linear, centre.tolist()),
        "start_agreement_mm": max(_apart(mapped, answer(measure.points)) for answer in independent),
        "similarity_elsewhere": max(measure(answer) for answer in independent),
    }
    roles = {volume.about.role for volume in (request.fixed, request.moving)}
    evidence["functional"] = float("functional" in roles)
    evidence.update(_wrong_ways(pair, motion, progress))
    if not transform.IsLinear():
        # Air and what the moving volume does not see hold no tissue to be folded.
        seen = body(request.fixed) & field_of_view(request.moving, request.fixed, transform)
        low, high = jacobian_range(transform, request.fixed, seen)
        evidence.update({"jacobian_min": low, "jacobian_max": high})
    return evidence


def _apart(first: Points, second: Points) -> float:
    """The mean distance in mm between corresponding points."""
    return float(np.linalg.norm(first - second, axis=1).mean())


def _wrong_ways(pair: Pair, motion: Motion, progress: Progress) -> dict[str, float]:
    """The similarity at the scale of comparison as found, and the best of each wrong way to lie."""
    measure = Similarity(pair.template, pair.other, _COMPARE.scale, _COMPARE.points, len(_GLANCE.levels) - 1)
    evidence = {"similarity_compared": measure.climb(motion, _COMPARE.flat, _COMPARE.evaluations)[1]}
    for number, (name, axes) in enumerate(WRONG_WAYS.items()):
        part = within(progress, "register", number / len(WRONG_WAYS), (number + 1) / len(WRONG_WAYS))
        wrong = pair.template.mirrored(axes)
        found = search(wrong, pair.other, _GLANCE, [motion], part)
        evidence[evidence_name(name)] = found.similarity
    return evidence


def evidence_name(way: str) -> str:
    """The name under which the similarity of a wrong way to lie stands in the evidence."""
    return f"similarity_{way.replace(' ', '_').replace('-', '_')}"
