"""How active a source is around each voxel; ``(batch, source, *spatial)`` in, the same shape out, 0 or more."""

from __future__ import annotations

from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.fusion.filters import box_mean, gaussian_blur, laplacian, squared_gradient

_LEVELS = 16


def local_energy(sources: Any, radius: int) -> Any:
    """The mean square in a box of ``radius``."""
    return box_mean(sources * sources, radius)


def local_gradient(sources: Any, radius: int) -> Any:
    """The root mean square gradient in a box of ``radius``."""
    xp = array_namespace(sources)
    return xp.sqrt(xp.clip(box_mean(squared_gradient(sources), radius), 0.0, None))


def local_entropy(sources: Any, radius: int) -> Any:
    """The Shannon entropy (bits) of the grey levels, in 16 equal steps of [0, 1], in a box of ``radius``."""
    xp = array_namespace(sources)
    level = xp.clip(xp.floor(sources * _LEVELS), 0.0, _LEVELS - 1.0)
    entropy = xp.zeros_like(sources)
    for number in range(_LEVELS):
        share = xp.clip(box_mean(xp.astype(level == number, sources.dtype), radius), 0.0, 1.0)
        entropy = entropy - share * xp.log2(xp.where(share > 0, share, xp.ones_like(share)))
    return entropy


def local_saliency(sources: Any, sigma: float) -> Any:
    """The magnitude of the Laplacian, blurred by a Gaussian of ``sigma`` voxels (Li, Kang and Hu 2013, eq. 6)."""
    return gaussian_blur(array_namespace(sources).abs(laplacian(sources)), sigma)
