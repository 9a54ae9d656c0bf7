"""Fusion with the guided filter (GFF; Li, Kang and Hu 2013), in two and three dimensions."""

from __future__ import annotations

from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.fusion.activity import local_saliency
from MedFusionLib.fusion.base import ArrayMethod
from MedFusionLib.fusion.bounds import keep_within
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.filters import box_mean

_BASE_RADIUS = 15
_SALIENCY_SIGMA = 5.0
_BASE_EPSILON = 0.3
_DETAIL_EPSILON = 1e-6


def guided_filter(weight: Any, guide: Any, radius: int, epsilon: float) -> Any:
    """``weight`` smoothed where ``guide`` is smooth, with its edges kept (He, Sun and Tang 2013, eq. 5 to 8)."""
    xp = array_namespace(weight)
    # The variance of values around 0 loses fewer digits in float32.
    guide = guide - 0.5
    guide_mean, weight_mean = box_mean(guide, radius), box_mean(weight, radius)
    covariance = box_mean(guide * weight, radius) - guide_mean * weight_mean
    variance = xp.clip(box_mean(guide * guide, radius) - guide_mean * guide_mean, 0.0, None)
    slope = covariance / (variance + epsilon)
    offset = weight_mean - slope * guide_mean
    return box_mean(slope, radius) * guide + box_mean(offset, radius)


class GuidedFilterFusion(ArrayMethod):
    """Blends a base and a detail layer by saliency weights that follow each source's own edges."""

    def __init__(self, card: Card, base_radius: int, detail_radius: int) -> None:
        super().__init__(card)
        self.base_radius, self.detail_radius = base_radius, detail_radius
        self.receptive_field = 2 * base_radius + int(3 * _SALIENCY_SIGMA) + 2

    def _fuse(self, sources: Any) -> Any:
        xp = array_namespace(sources)
        saliency = local_saliency(sources, _SALIENCY_SIGMA)
        chosen = xp.astype(saliency == xp.max(saliency, axis=1, keepdims=True), sources.dtype)
        chosen = chosen / xp.sum(chosen, axis=1, keepdims=True)
        base = box_mean(sources, _BASE_RADIUS)
        fused = (self._blend(base, chosen, sources, self.base_radius, _BASE_EPSILON)
                 + self._blend(sources - base, chosen, sources, self.detail_radius, _DETAIL_EPSILON))
        # The layers have different weights, so they do not cancel to black beside bright edges.
        return keep_within(fused, sources)

    @staticmethod
    def _blend(layer: Any, chosen: Any, guide: Any, radius: int, epsilon: float) -> Any:
        xp = array_namespace(layer)
        weights = xp.clip(guided_filter(chosen, guide, radius, epsilon), 1e-6, 1.0)
        return xp.sum(weights * layer, axis=1, keepdims=True) / xp.sum(weights, axis=1, keepdims=True)


ENTRIES = (
    Entry(Card("guided_filter", "Guided filter", "multiscale",
               "S. Li, X. Kang, J. Hu, Image fusion with guided filtering, "
               "IEEE Trans. Image Process. 22(7), 2013",
               "Base and detail layers weighted by saliency; edges stay where the sources have them",
               parameters=(
                   Parameter("base_radius", 45, "Smoothness of the base layer's weights, in voxels",
                             minimum=1, maximum=100),
                   Parameter("detail_radius", 7, "Smoothness of the detail layer's weights, in voxels",
                             minimum=1, maximum=100)),
               workspace=14.0, receptive_field=107), f"{__name__}:GuidedFilterFusion"),
)
