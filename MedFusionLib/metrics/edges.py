"""What becomes of the edges of the sources: preserved, lost, or invented (Xydeas and Petrovic)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from MedFusionLib.metrics.comparison import Comparison, compare, quotient
from MedFusionLib.metrics.windows import correlate

# Strength: Tg, kg, Dg. Orientation: Ta, ka, Da.
_STRENGTH = (0.9994, -15.0, 0.5)
_ORIENTATION = (0.9879, -22.0, 0.8)
# Slopes below this are rounding errors of pictures in [0, 1], in single precision too.
_FLAT = 1e-5


@dataclass(frozen=True)
class Gradient:
    """The derivative along each spatial axis, and their length."""

    slopes: list[Any]
    length: Any


def sobel(it: Comparison, place: int) -> Gradient:
    """Sobel's gradient of picture ``place`` (0: fused, then the sources), unnormalised as the papers have it.

    Along an axis the derivative is divided by its spacing over the finest one.
    """

    def make() -> Gradient:
        picture = [it.fused, *it.sources][place]
        slopes = []
        for along, step in zip(it.axes, it.steps, strict=True):
            slope = picture
            for axis in it.axes:
                taps = (-1.0 / step, 0.0, 1.0 / step) if axis == along else (1.0, 2.0, 1.0)
                slope = correlate(slope, taps, axis)
            slopes.append(slope)
        return Gradient(slopes, it.xp.sqrt(sum(slope**2 for slope in slopes)))

    return it.once(("sobel", place), make)


def qabf(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Edge preservation Qabf, also called Q_G: how much of the sources' edges the fused image keeps.

    Xydeas and Petrovic 2000: Qabf = sum of Q_s g_s over the sources s and voxels / sum of g_s, with Sobel's
    gradient g, Q_s = Tg / (1 + exp(kg (G - Dg))) * Ta / (1 + exp(ka (A - Da))), G the smaller over the larger
    gradient of source and fused, A = 1 - angle / 90 degrees; Tg .9994 kg -15 Dg .5, Ta .9879 ka -22 Da .8. In 2-D the
    angle is |arctan(y/x) - arctan(y/x)| without folding at 90 degrees, the convention of the published tables (up to
    .01 below the folded one); in 3-D, where there is none, the acute angle between both gradients. Range 0 to 1
    (0.975 for a perfect copy of the only source); higher is better. Fooled by a mild sharpening. ``spacing``:
    derivatives are taken in mm. NaN where the sources have no edge.
    """
    return _shares(compare(fused, sources, mask, spacing, shared))["kept"]


def labf(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Edge loss Labf: the share of the sources' edges missing from the fused image.

    Petrovic and Xydeas 2005: sum of (1 - Q_s) g_s where the fused gradient is no larger than the largest of the
    sources' / sum of g_s; Q and g as in ``qabf``, and Qabf + Labf + Nabf = 1. Range 0 to 1; lower is better.
    Fooled by noise and by sharpening. ``spacing``: derivatives are taken in mm. NaN where the sources have no edge.
    """
    return _shares(compare(fused, sources, mask, spacing, shared))["lost"]


def nabf(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Fusion artefacts Nabf: the share of edges in the fused image stronger than in every source.

    Petrovic and Xydeas 2005: sum of (1 - Q_s) g_s where the fused gradient exceeds that of every source / sum of
    g_s; Q and g as in ``qabf``. Range 0 to 1; lower is better. Fooled by blurring and by averaging (it is 0 then).
    ``spacing``: derivatives are taken in mm. NaN where the sources have no edge.
    """
    return _shares(compare(fused, sources, mask, spacing, shared))["invented"]


def _shares(it: Comparison) -> dict[str, Any]:
    """The shares of the sources' edges that are kept, lost and invented; they add to 1."""

    def make() -> dict[str, Any]:
        xp = it.xp
        fused = sobel(it, 0)
        sources = [sobel(it, place + 1) for place in range(len(it.sources))]
        strongest = sources[0].length
        for source in sources[1:]:
            strongest = xp.maximum(strongest, source.length)
        kept = sum(_preserved(xp, fused, source) * source.length for source in sources)
        edges = sum(source.length for source in sources)
        missing = edges - kept
        invented = it.sum(xp.where(fused.length > strongest + _FLAT, missing, xp.zeros_like(missing)))
        total, undefined = it.sum(edges), float("nan")
        parts = {"kept": it.sum(kept), "invented": invented, "lost": it.sum(missing) - invented}
        return {name: quotient(xp, part, total, undefined) for name, part in parts.items()}

    return it.once("edge shares", make)


def _preserved(xp: Any, fused: Gradient, source: Gradient) -> Any:
    """Q_s at each voxel: how well strength and orientation of the source's gradient are preserved."""
    strength = quotient(xp, xp.minimum(fused.length, source.length), xp.maximum(fused.length, source.length))
    turn = _turn_in_plane if len(fused.slopes) == 2 else _turn_in_space
    orientation = 1.0 - turn(xp, fused, source) * (2.0 / math.pi)
    return _sigmoid(xp, strength, *_STRENGTH) * _sigmoid(xp, orientation, *_ORIENTATION)


def _turn_in_plane(xp: Any, fused: Gradient, source: Gradient) -> Any:
    """The difference of the angles arctan(vertical / horizontal slope), 0 to 180 degrees as the tables have it."""
    one, other = (xp.atan(_steepness(xp, *gradient.slopes)) for gradient in (fused, source))
    return xp.abs(one - other)


def _steepness(xp: Any, vertical: Any, horizontal: Any) -> Any:
    """The vertical over the horizontal slope; where the latter is but rounding error, a very steep one."""
    upright = xp.abs(horizontal) < _FLAT
    steep = xp.where(xp.abs(vertical) < _FLAT, 0.0 * vertical, vertical / _FLAT**2)
    return xp.where(upright, steep, vertical / xp.where(upright, xp.ones_like(horizontal), horizontal))


def _turn_in_space(xp: Any, fused: Gradient, source: Gradient) -> Any:
    """The acute angle between both gradients as lines, 0 to 90 degrees."""
    along = xp.abs(sum(one * other for one, other in zip(fused.slopes, source.slopes, strict=True)))
    return xp.acos(xp.clip(quotient(xp, along, fused.length * source.length), 0.0, 1.0))


def _sigmoid(xp: Any, value: Any, top: float, slope: float, middle: float) -> Any:
    return top / (1.0 + xp.exp(slope * (value - middle)))
