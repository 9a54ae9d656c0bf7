"""The one measure by which alignments are compared: normalised mutual information on sampled points.

NMI = (H(A) + H(B)) / H(A, B), which unlike plain mutual information does not reward a small overlap (Studholme,
Hill and Hawkes 1999). Reported as NMI - 1, so that 0 means unrelated. The points are taken in the template, the volume
with the smaller field of view, at random places between voxel centres, so that grids in common leave no trace; the
other volume's values enter the histogram by linear shares, so that the measure is smooth in the motion.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from MedFusionLib.registration.motion import Motion, Vector
from MedFusionLib.registration.prepared import Prepared
from MedFusionLib.registration.settings import Points

BINS = 32
LEAST_OVERLAP = 0.6


def information(joint: npt.NDArray[Any], floor: float = 1e-12) -> npt.NDArray[Any]:
    """NMI - 1 of joint histograms (..., rows, columns)."""
    total = joint.sum(axis=(-1, -2), keepdims=True)
    share = joint / np.maximum(total, floor)
    both = _entropy(share, (-1, -2))
    single = _entropy(share.sum(axis=-1), -1) + _entropy(share.sum(axis=-2), -1)
    result: npt.NDArray[Any] = single / np.maximum(both, floor) - 1.0
    return result


def _entropy(share: npt.NDArray[Any], axis: int | tuple[int, ...]) -> npt.NDArray[Any]:
    value: npt.NDArray[Any] = -(share * np.log(np.maximum(share, 1e-12))).sum(axis=axis)
    return value


class Similarity:
    """NMI - 1 of ``template`` with ``other`` under a motion of the template's points.

    ``scale`` is the smoothing in mm, ``count`` the number of points, ``seed`` chooses them.
    """

    def __init__(self, template: Prepared, other: Prepared, scale: float, count: int, seed: int = 0) -> None:
        self.points = template.region_points(count, seed)
        self.centre: Vector = self.points.mean(axis=0)
        self.radius = float(np.sqrt(((self.points - self.centre) ** 2).sum(axis=1).mean()))
        self._other = other.at(scale)
        values, _ = template.at(scale)(self.points)
        self._row = np.minimum((values * BINS).astype(np.int64), BINS - 1) * BINS

    def joint(self, mapped: Points) -> tuple[npt.NDArray[np.float64], float]:
        """The joint histogram with the template's points at ``mapped``, and the share inside the field of view."""
        values, inside = self._other(mapped)
        place = values.astype(np.float64) * (BINS - 1)
        low = np.clip(place.astype(np.int64), 0, BINS - 2)
        upper = (place - low) * inside
        cell = self._row + low
        counts = np.bincount(cell, inside - upper, BINS * BINS) + np.bincount(cell + 1, upper, BINS * BINS)
        return counts.astype(np.float64).reshape(BINS, BINS), float(inside.mean())

    def at(self, mapped: Points) -> float:
        """NMI - 1 with the template's points at ``mapped``, less what the overlap falls short of 0.6."""
        joint, overlap = self.joint(mapped)
        return float(information(joint)) - max(0.0, LEAST_OVERLAP - overlap)

    def __call__(self, motion: Motion) -> float:
        """The same under a rigid ``motion``."""
        return self.at(motion(self.points))

    def climb(self, motion: Motion, step: float, tolerance: float, evaluations: int) -> tuple[Motion, float]:
        """The best motion near ``motion`` by the simplex of Nelder and Mead; ``step`` and ``tolerance`` in mm."""
        start = self._numbers(motion)
        simplex = np.vstack([start, start + step * np.eye(6)])
        options = {
            "initial_simplex": simplex,
            "xatol": tolerance,
            "fatol": 1e-7,
            "maxfev": evaluations,
            "adaptive": True,
        }
        found = minimize(lambda numbers: -self(self._motion(numbers)), start, method="Nelder-Mead", options=options)
        return self._motion(found.x), -float(found.fun)

    def _numbers(self, motion: Motion) -> Vector:
        """The motion as six lengths in mm: rotations by what they move at the points' radius."""
        here = motion.about(self.centre)
        return np.concatenate([here.rotation * self.radius, here.shift])

    def _motion(self, numbers: Vector) -> Motion:
        return Motion(numbers[:3] / self.radius, numbers[3:], self.centre)
