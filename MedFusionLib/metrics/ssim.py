"""Structural similarity with a Gaussian window, and with the uniform window of some published tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from MedFusionLib.metrics.comparison import Comparison, compare
from MedFusionLib.metrics.windows import gaussian_taps, inner, uniform_taps, window_mean, window_means

GAUSSIAN = tuple(gaussian_taps(5, 1.5))
UNIFORM = tuple(uniform_taps(3))
_K1, _K2 = 0.01, 0.03


@dataclass(frozen=True)
class Moments:
    """Window means and variances of fused and of each source, and the covariances of fused with each source."""

    means: list[Any]
    variances: list[Any]
    covariances: list[Any]


def moments(it: Comparison, taps: tuple[float, ...] = GAUSSIAN) -> Moments:
    """The local moments within windows weighted by ``taps``; the first entry of means and variances is fused's.

    Variances and covariances are those of the population for ``GAUSSIAN``, of a sample for ``UNIFORM``.
    """

    def make() -> Moments:
        pictures = [it.fused, *it.sources]
        products = [*(picture**2 for picture in pictures), *(it.fused * source for source in it.sources)]
        local = window_means([*pictures, *products], taps)
        means, products = local[: len(pictures)], local[len(pictures) :]
        factors = [*zip(means, means, strict=True), *((means[0], mean) for mean in means[1:])]
        spreads = [_spread(it, product, pair, taps) for product, pair in zip(products, factors, strict=True)]
        return Moments(means, spreads[: len(pictures)], spreads[len(pictures) :])

    return it.once(("moments", taps), make)


def covariance(it: Comparison, one: int, other: int, taps: tuple[float, ...]) -> Any:
    """The local covariance of two sources."""
    means = moments(it, taps).means
    product = window_mean(it.sources[one] * it.sources[other], taps)
    return _spread(it, product, (means[one + 1], means[other + 1]), taps)


def _spread(it: Comparison, product: Any, means: tuple[Any, Any], taps: tuple[float, ...]) -> Any:
    """A variance or covariance from the window mean of the product and the means."""
    spread = product - means[0] * means[1]
    if taps == GAUSSIAN:
        return spread
    size = math.prod(2 * min(len(taps) // 2, (length - 1) // 2) + 1 for length in it.fused.shape[1:])
    return spread * (size / max(1, size - 1))


def similarity(means: Sequence[Any], variances: Sequence[Any], shared: Any, span: float = 1.0) -> Any:
    """The similarity map of two pictures of range ``span``, equation 13 of Wang et al. 2004."""
    luminance, contrast = (_K1 * span) ** 2, (_K2 * span) ** 2
    above = (2 * means[0] * means[1] + luminance) * (2 * shared + contrast)
    below = (means[0] ** 2 + means[1] ** 2 + luminance) * (variances[0] + variances[1] + contrast)
    return above / below


def contrast_and_structure(local: Moments) -> list[Any]:
    """The similarity of fused with each source without its luminance term; range of intensities 1."""
    return [
        (2 * shared + _K2**2) / (local.variances[0] + variance + _K2**2)
        for variance, shared in zip(local.variances[1:], local.covariances, strict=True)
    ]


def similarity_maps(it: Comparison, taps: tuple[float, ...] = GAUSSIAN, span: float = 1.0) -> list[Any]:
    """The similarity map of fused with each source."""

    def make() -> list[Any]:
        local = moments(it, taps)
        pairs = zip(local.means[1:], local.variances[1:], local.covariances, strict=True)
        return [
            similarity((local.means[0], mean), (local.variances[0], variance), shared, span)
            for mean, variance, shared in pairs
        ]

    return it.once(("similarity", taps, span), make)


def ssim(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Structural similarity of the fused image with each source, summed over the sources.

    Wang et al. 2004: window of 11 voxels a side, Gaussian with sigma 1.5 voxels, K1 .01, K2 .03, range of
    intensities 1, averaged where the whole window lies inside the image (and, with a mask, where its middle lies
    inside the mask); along an axis shorter than 11 the window is as long as fits. The survey's equation 3 is half
    the sum for two sources. Range -n to n for n sources; higher is better. Fooled by the average of
    the sources. ``spacing`` is not used: the window is in voxels. Returns one value for each item of
    the batch; NaN where no window lies inside the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    inside = inner(it.fused.shape[1:], len(GAUSSIAN))
    return sum(it.mean(values, inside) for values in similarity_maps(it))


def ssim_uniform(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Structural similarity as CDDFuse's tables hold it, summed over the sources.

    Zhao et al. 2023 (CDDFuse) call scikit-image on 0 to 255 floats and leave its defaults: window of 7 voxels a
    side, uniform, sample covariance (n / (n - 1)), and a range of 2, so that the constants hardly damp. Up to 0.48
    apart from ``ssim``; only for comparison with such tables. Range -n to n; higher is better. Fooled by the
    average of the sources. ``spacing`` is not used. One value for each item; NaN where no window is in the mask.
    """
    it = compare(fused, sources, mask, spacing, shared)
    inside = inner(it.fused.shape[1:], len(UNIFORM))
    return sum(it.mean(values, inside) for values in similarity_maps(it, UNIFORM, 2.0 / 255.0))
