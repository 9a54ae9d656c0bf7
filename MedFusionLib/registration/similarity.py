"""The one measure by which alignments are compared: normalised mutual information on sampled points.

NMI = (H(A) + H(B)) / H(A, B), which unlike plain mutual information does not reward a small overlap (Studholme,
Hill and Hawkes 1999). Reported as NMI - 1, so that 0 means unrelated, and times the root of the overlap, because a
limb that slides half out of the other field of view can still gain in NMI. The points are taken in the template, the
volume with the smaller field of view, at random places between voxel centres, so that grids in common leave no trace;
the other volume's values enter the histogram by linear shares, and the histogram is blurred (Parzen's window), so that
the measure and its derivative are smooth in the motion and every climb near an alignment ends at the same place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from MedFusionLib.registration.motion import Motion, Vector, left_jacobian
from MedFusionLib.registration.prepared import Prepared
from MedFusionLib.registration.settings import Points

BINS = 32
_BLUR_BINS = 1.0
LEAST_OVERLAP = 0.6
OVERLAP_POWER = 0.5


def information(joint: npt.NDArray[Any], floor: float = 1e-12) -> npt.NDArray[Any]:
    """NMI - 1 of joint histograms (..., rows, columns)."""
    total = joint.sum(axis=(-1, -2), keepdims=True)
    share = joint / np.maximum(total, floor)
    both = _entropy(share, (-1, -2))
    single = _entropy(share.sum(axis=-1), -1) + _entropy(share.sum(axis=-2), -1)
    result: npt.NDArray[Any] = single / np.maximum(both, floor) - 1.0
    return result


def _blur() -> npt.NDArray[np.float64]:
    """The matrix that spreads a histogram's bins as a Gaussian (Parzen's window); its columns sum to 1."""
    bins = np.arange(BINS)
    weights = np.exp(-0.5 * ((bins[:, np.newaxis] - bins) / _BLUR_BINS) ** 2)
    spread: npt.NDArray[np.float64] = weights / weights.sum(axis=0)
    return spread


def _entropy(share: npt.NDArray[Any], axis: int | tuple[int, ...]) -> npt.NDArray[Any]:
    value: npt.NDArray[Any] = -(share * np.log(np.maximum(share, 1e-12))).sum(axis=axis)
    return value


def information_slope(joint: npt.NDArray[np.float64], floor: float = 1e-12) -> npt.NDArray[np.float64]:
    """The derivative of ``information(joint)`` by each cell of one joint histogram."""
    total = max(float(joint.sum()), floor)
    share = joint / total
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    both = max(float(_entropy(share, (0, 1))), floor)
    ratio = float(_entropy(rows, 0) + _entropy(columns, 0)) / both
    log = [np.log(np.maximum(part, floor)) for part in (share, rows[:, np.newaxis], columns)]
    slope = (ratio * log[0] - log[1] - log[2]) / both
    result: npt.NDArray[np.float64] = (slope - float((share * slope).sum())) / total
    return result


_SPREAD = _blur()


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
        cell, upper = self._cells(values)
        return self._counts(cell, upper, inside), float(inside.mean())

    def _cells(self, values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
        """The flat cell of each point's lower bin, and the share of the bin above it."""
        place = values * np.float32(BINS - 1)
        low = np.minimum(place.astype(np.int64), BINS - 2)
        return self._row + low, place - low

    @staticmethod
    def _counts(
        cell: npt.NDArray[np.int64], upper: npt.NDArray[Any], weight: npt.NDArray[Any]
    ) -> npt.NDArray[np.float64]:
        above = upper * weight
        counts = np.bincount(cell, weight - above, BINS * BINS) + np.bincount(cell + 1, above, BINS * BINS)
        return np.asarray(_SPREAD @ counts.astype(np.float64).reshape(BINS, BINS) @ _SPREAD.T)

    def at(self, mapped: Points) -> float:
        """NMI - 1 with the template's points at ``mapped``, times the root of the overlap, less its lack below 0.6."""
        joint, overlap = self.joint(mapped)
        weight = float(overlap**OVERLAP_POWER)
        return float(information(joint)) * weight - max(0.0, LEAST_OVERLAP - overlap)

    def __call__(self, motion: Motion) -> float:
        """The same under a rigid ``motion``."""
        return self.at(motion(self.points))

    def slope(self, motion: Motion) -> tuple[float, Vector]:
        """The similarity under ``motion`` and its derivative by the six numbers of ``_numbers`` (per mm)."""
        mapped = motion(self.points)
        values, steepest, inside, fading = self._other.slope(mapped)
        cell, upper = self._cells(values)
        joint = self._counts(cell, upper, inside)
        overlap = float(inside.mean())
        value = float(information(joint))
        weight = max(overlap, 1e-6) ** OVERLAP_POWER
        gain = weight * (_SPREAD.T @ information_slope(joint) @ _SPREAD).ravel()
        below, above = gain[cell], gain[cell + 1]
        by_value = inside * (above - below) * (BINS - 1)
        by_overlap = OVERLAP_POWER * value * weight / max(overlap, 1e-6) + float(overlap < LEAST_OVERLAP)
        by_inside = below + upper * (above - below) + by_overlap / len(mapped)
        force = by_value[:, np.newaxis] * steepest + by_inside[:, np.newaxis] * fading
        arm = mapped - (motion.centre + motion.shift)
        torque = np.cross(arm, force).sum(axis=0) @ left_jacobian(motion.rotation)
        total = value * weight - max(0.0, LEAST_OVERLAP - overlap)
        return total, np.concatenate([torque / self.radius, force.sum(axis=0)])

    def climb(self, motion: Motion, flat: float, evaluations: int) -> tuple[Motion, float]:
        """The best motion near ``motion`` by quasi-Newton steps, until no slope is above ``flat`` (1/mm)."""

        def cost(numbers: Vector) -> tuple[float, Vector]:
            value, slope = self.slope(self._motion(numbers))
            return -value, -slope

        options = {"gtol": flat, "ftol": flat / 20, "maxfun": evaluations}
        found = minimize(cost, self._numbers(motion), jac=True, method="L-BFGS-B", options=options)
        return self._motion(found.x), -float(found.fun)

    def _numbers(self, motion: Motion) -> Vector:
        """The motion as six lengths in mm: rotations by what they move at the points' radius."""
        here = motion.about(self.centre)
        return np.concatenate([here.rotation * self.radius, here.shift])

    def _motion(self, numbers: Vector) -> Motion:
        return Motion(numbers[:3] / self.radius, numbers[3:], self.centre)
