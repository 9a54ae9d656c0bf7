"""Weighted sums: with given weights, and with weights from what each source shows around a voxel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from MedFusionLib.arrays import array_namespace, device
from MedFusionLib.errors import BadInput
from MedFusionLib.fusion.activity import local_energy, local_entropy, local_gradient, local_saliency
from MedFusionLib.fusion.base import ArrayMethod, check_sources
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.filters import box_mean
from MedFusionLib.fusion.weighting import blend, check_count, parse_weights


class Weighted(ArrayMethod):
    """The weighted mean with one weight for each source, all the same when none are given."""

    def __init__(self, card: Card, weights: str | Sequence[float]) -> None:
        super().__init__(card)
        self.weights = parse_weights(weights)

    def _fuse(self, sources: Any) -> Any:
        xp = array_namespace(sources)
        count = sources.shape[1]
        weights = self.weights or (1.0,) * count
        check_count(weights, count)
        total = sum(weights)
        shape = (1, count) + (1,) * (len(sources.shape) - 2)
        scale = xp.reshape(xp.asarray([weight / total for weight in weights], dtype=sources.dtype,
                                      device=device(sources)), shape)
        return xp.sum(sources * scale, axis=1, keepdims=True)


class LocalEnergy(ArrayMethod):
    """Weights by the mean square around a voxel."""

    def __init__(self, card: Card, radius: int) -> None:
        super().__init__(card)
        self.radius = self.receptive_field = radius

    def _fuse(self, sources: Any) -> Any:
        return blend(sources, local_energy(sources, self.radius))


class LocalEntropy(LocalEnergy):
    """Weights by the entropy of the grey levels around a voxel."""

    def _fuse(self, sources: Any) -> Any:
        return blend(sources, local_entropy(sources, self.radius))


class LocalGradient(LocalEnergy):
    """Weights by the gradient around a voxel."""

    def __init__(self, card: Card, radius: int) -> None:
        super().__init__(card, radius)
        self.receptive_field = radius + 1

    def _fuse(self, sources: Any) -> Any:
        return blend(sources, local_gradient(sources, self.radius))


class LocalSaliency(ArrayMethod):
    """Weights by the blurred magnitude of the Laplacian."""

    def __init__(self, card: Card, sigma: float) -> None:
        super().__init__(card)
        self.sigma = sigma
        self.receptive_field = int(3 * sigma) + 2

    def _fuse(self, sources: Any) -> Any:
        return blend(sources, local_saliency(sources, self.sigma))


class Reliability(ArrayMethod):
    """Weights that rise from 0 at the border of a source's field of view to 1 at ``ramp`` voxels inside it."""

    def __init__(self, card: Card, ramp: int) -> None:
        super().__init__(card)
        self.ramp = self.receptive_field = ramp

    def fuse(self, sources: Any, validity: Any = None) -> Any:
        """Fuse ``(batch, source, *spatial)``; ``validity`` (same shape, boolean) is False outside a field
        of view; None: all is inside, and the mean is returned.
        """
        if validity is None:
            return super().fuse(sources)
        check_sources(self.card, sources)
        if tuple(validity.shape) != tuple(sources.shape):
            raise BadInput(f"validity of shape {tuple(validity.shape)}",
                           f"It must have the sources' shape {tuple(sources.shape)}")
        xp = array_namespace(sources)
        inside = xp.astype(validity, sources.dtype)
        # The share of a box that is inside a straight border tells how deep its centre lies.
        depth = xp.clip(2.0 * box_mean(inside, self.ramp) - 1.0, 0.0, 1.0) * inside
        return xp.clip(blend(sources, depth), 0.0, 1.0)

    def _fuse(self, sources: Any) -> Any:
        return array_namespace(sources).mean(sources, axis=1, keepdims=True)


_LI = "S. Li, X. Kang, J. Hu, Image fusion with guided filtering, IEEE Trans. Image Process. 22(7), 2013"
_BURT = ("P. J. Burt, R. J. Kolczynski, Enhanced image capture through fusion, "
         "Proc. 4th Int. Conf. Computer Vision, 1993")
_SURVEY = ("A. P. James, B. V. Dasarathy, Medical image fusion: a survey of the state of the art, "
           "Information Fusion 19, 2014")
_WEIGHTS = Parameter("weights", "", "One weight of 0 or more for each source, such as 0.3,0.7; none: all the same")
_RADIUS = Parameter("radius", 3, "Half the width of the neighbourhood, in voxels", minimum=1, maximum=32)
_SIGMA = Parameter("sigma", 2.0, "Standard deviation of the blur, in voxels", minimum=0.5, maximum=20.0)
_RAMP = Parameter("ramp", 10, "Distance from the border at which a source counts fully, in voxels",
                  minimum=1, maximum=100)

ENTRIES = (
    Entry(Card("weighted", "Weighted sum", "rule", _SURVEY, "A weighted mean with the weights you give",
               symmetric=False, parameters=(_WEIGHTS,), workspace=2.0, receptive_field=0),
          f"{__name__}:Weighted"),
    Entry(Card("weighted_energy", "Weighted by local energy", "rule", _BURT,
               "Each source counts by its mean square around the voxel: the brighter one prevails",
               parameters=(_RADIUS,), workspace=4.0, receptive_field=3), f"{__name__}:LocalEnergy"),
    Entry(Card("weighted_entropy", "Weighted by local entropy", "rule", _SURVEY,
               "Each source counts by the variety of its grey levels around the voxel",
               parameters=(_RADIUS,), workspace=7.0, receptive_field=3), f"{__name__}:LocalEntropy"),
    Entry(Card("weighted_gradient", "Weighted by local gradient", "rule", _SURVEY,
               "Each source counts by its edges around the voxel",
               parameters=(_RADIUS,), workspace=5.0, receptive_field=4), f"{__name__}:LocalGradient"),
    Entry(Card("weighted_saliency", "Weighted by saliency", "rule", _LI,
               "Each source counts by its blurred Laplacian, as an eye that looks for detail",
               parameters=(_SIGMA,), workspace=5.0, receptive_field=8), f"{__name__}:LocalSaliency"),
    Entry(Card("reliability", "Weighted by reliability", "rule", _SURVEY,
               "The mean, with each source fading out towards the border of its field of view",
               parameters=(_RAMP,), workspace=4.0, receptive_field=10, uses_validity=True),
          f"{__name__}:Reliability"),
)
