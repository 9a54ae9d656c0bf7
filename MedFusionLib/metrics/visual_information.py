"""Visual information fidelity in the pixel domain: how much of each source can be read off the fused image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from MedFusionLib.metrics.comparison import Comparison, compare, quotient
from MedFusionLib.metrics.windows import gaussian_taps, inner, window_means

_LEVELS = 255.0
_NOISE = 2.0
_TINY = 1e-10
_SCALES = (17, 9, 5, 3)
_HAN = (1.0, 0.0, 0.15, 1.0)
_HAN_NOISE = 0.005 * _LEVELS**2
_HAN_LEAST = 1e-7


@dataclass(frozen=True)
class Scale:
    """One scale: local variances of fused and sources, covariances, and the mask at the windows' middles."""

    variances: list[Any]
    covariances: list[Any]
    weight: Any


def scales(it: Comparison) -> list[Scale]:
    """Four scales after Sheikh and Bovik: windows of 17, 9, 5 and 3 voxels, halved between them; 0 to 255."""
    return it.once("scales", lambda: _scales(it))


def _scales(it: Comparison) -> list[Scale]:
    pictures = [_LEVELS * picture for picture in (it.fused, *it.sources)]
    weight, made = it.weight, []
    for number, width in enumerate(_SCALES):
        taps = gaussian_taps(width // 2, width / 5.0)
        if number:
            weight = _halved(weight[(slice(None), *inner(weight.shape[1:], width))]) if weight is not None else None
            pictures = [_halved(picture) for picture in window_means(pictures, taps)]
        made.append(_moments(it, pictures, taps, weight))
    return made


def _moments(it: Comparison, pictures: list[Any], taps: list[float], weight: Any) -> Scale:
    """The local variances and covariances of fused (the first picture) and the sources at one scale."""
    products = [*(picture**2 for picture in pictures), *(pictures[0] * source for source in pictures[1:])]
    local = window_means([*pictures, *products], taps)
    means, products = local[: len(pictures)], local[len(pictures) :]
    variances = [it.xp.clip(square - mean**2, 0.0, None) for square, mean in zip(products, means, strict=False)]
    pairs = zip(products[len(pictures) :], means[1:], strict=True)
    inside = None if weight is None else weight[(slice(None), *inner(weight.shape[1:], len(taps)))]
    return Scale(variances, [product - means[0] * mean for product, mean in pairs], inside)


def _halved(image: Any) -> Any:
    """Every second voxel along every spatial axis."""
    return image[(slice(None), *(slice(None, None, 2),) * (len(image.shape) - 1))]


def fidelities(it: Comparison) -> list[Any]:
    """The fidelity of the fused image to each source."""

    def make() -> list[Any]:
        return [_fidelity(it, place) for place in range(len(it.sources))]

    return it.once("fidelities", make)


def _fidelity(it: Comparison, place: int) -> Any:
    xp = it.xp
    above: Any = 0.0
    below: Any = 0.0
    for scale in scales(it):
        gain, rest = _channel(xp, scale.variances[place + 1], scale.variances[0], scale.covariances[place])
        source = xp.where(scale.variances[place + 1] < _TINY, 0.0 * gain, scale.variances[place + 1])
        kept, there = _log1p(xp, gain**2 * source / (rest + _NOISE)), _log1p(xp, source / _NOISE)
        if scale.weight is not None:
            kept, there = kept * scale.weight, there * scale.weight
        above, below = above + xp.sum(kept, axis=it.axes), below + xp.sum(there, axis=it.axes)
    return quotient(xp, above, below, float("nan"))


def _channel(xp: Any, source: Any, fused: Any, covariance: Any) -> tuple[Any, Any]:
    """Gain and remaining variance of the model fused = gain * source + rest, with the authors' exceptions."""
    gain = covariance / (source + _TINY)
    rest = fused - gain * covariance
    unexplained = (source < _TINY) | (gain < 0)
    gain = xp.where(unexplained | (fused < _TINY), 0.0 * gain, gain)
    return gain, xp.clip(xp.where(unexplained, fused, rest), _TINY, None)


def _log1p(xp: Any, values: Any) -> Any:
    """The logarithm of 1 + ``values``: several times quicker than the library's, which is exact for tiny values too."""
    return xp.log(1.0 + values)


def vif(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Visual information fidelity of the fused image to each source, pixel domain, summed over the sources.

    Sheikh and Bovik 2006, the authors' pixel-domain version: VIF = sum of ln(1 + g^2 v / (r + 2)) / sum of
    ln(1 + v / 2) over four scales and all windows, v the source's variance, g the gain and r the rest of fused =
    g source + rest, on 0 to 255, noise variance 2. At least 0, 1 for each source that is copied, above 1 with contrast
    gained; higher is better. Fooled by a contrast stretch and by copying one source. ``spacing`` is not used.
    NaN where a source is flat.
    """
    return sum(fidelities(compare(fused, sources, mask, spacing, shared)))


def vif_min(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """The smallest of the visual information fidelities to the sources: the source that fares worst.

    Each as in ``vif`` (Sheikh and Bovik 2006). At least 0; higher is better. Hard to fool, because no source may be
    given up; adding the sources and a contrast stretch raise it. ``spacing`` is not used. NaN where a source is flat.
    """
    it = compare(fused, sources, mask, spacing, shared)
    smallest, *others = fidelities(it)
    for other in others:
        smallest = it.xp.minimum(smallest, other)
    return smallest


def viff(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Visual information fidelity for fusion: in each window the fidelity to the source that fused follows least.

    Han et al. 2013, as the authors' program has it: scales and windows as in ``vif``, noise variance .005 * 255^2;
    in each window the source of the smallest gain g counts (of equal gains the livelier source, so that the order
    does not matter; the program takes the second); at each scale the sum of ln(1 + g^2 v / (r + noise)) / sum of
    ln(1 + v / noise), .0000001 added to each term, and over the scales their mean with the weights 1, 0, .15 and 1.
    At least 0; higher is better. Fooled by a contrast stretch. ``spacing`` is not used.
    """
    it = compare(fused, sources, mask, spacing, shared)
    ratios = [weight * _followed(it, scale) for weight, scale in zip(_HAN, scales(it), strict=True) if weight]
    return sum(ratios) / sum(_HAN)


def _followed(it: Comparison, scale: Scale) -> Any:
    """The fidelity at one scale to the source of the smallest gain in each window."""
    xp, least = it.xp, None
    for place, covariance in enumerate(scale.covariances, 1):
        gain, rest = _channel(xp, scale.variances[place], scale.variances[0], covariance)
        source = scale.variances[place]
        kept, there = _log1p(xp, gain**2 * source / (rest + _HAN_NOISE)), _log1p(xp, source / _HAN_NOISE)
        if least is None:
            least, above, below = gain, kept, there
        else:
            # Of two that fused does not follow, the livelier source.
            better = (gain < least) | ((gain == least) & (there > below))
            least, above, below = (
                xp.where(better, new, old) for new, old in ((gain, least), (kept, above), (there, below))
            )
    above, below = above + _HAN_LEAST, below + _HAN_LEAST
    if scale.weight is not None:
        above, below = above * scale.weight, below * scale.weight
    return quotient(xp, xp.sum(above, axis=it.axes), xp.sum(below, axis=it.axes), float("nan"))
