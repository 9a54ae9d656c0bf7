"""Fusion by principal components: the weights are the first component of the sources' covariance."""

from __future__ import annotations

from typing import Any

import numpy as np

from MedFusionLib.arrays import array_namespace, device
from MedFusionLib.fusion.base import ArrayMethod
from MedFusionLib.fusion.card import Card, Entry

_SQUARINGS = 40


def first_component(covariance: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The magnitudes of the first eigenvector of ``(batch, n, n)``, scaled to the sum 1; shape ``(batch, n)``.

    Repeated squaring leaves the projector on the space of the greatest eigenvalue. Its diagonal treats
    all sources alike even where that value is double, which an eigenvector of a library does not.
    """
    projector = covariance.copy()
    for _ in range(_SQUARINGS):
        trace = np.trace(projector, axis1=1, axis2=2)[:, None, None]
        projector = np.where(trace > 0, projector / np.where(trace > 0, trace, 1.0), np.eye(projector.shape[1]))
        projector = projector @ projector
    magnitudes = np.sqrt(np.clip(np.diagonal(projector, axis1=1, axis2=2), 0.0, None))
    weights: np.ndarray[Any, np.dtype[np.float64]] = magnitudes / magnitudes.sum(axis=1, keepdims=True)
    return weights


class PrincipalComponents(ArrayMethod):
    """The weighted mean of the sources whose weights are their first principal component."""

    def _fuse(self, sources: Any) -> Any:
        xp = array_namespace(sources)
        batch, count = sources.shape[:2]
        # In float32 the sums over a large volume would lose what tells nearly alike sources apart.
        flat = xp.reshape(xp.astype(sources, xp.float64), (batch, count, -1))
        centred = flat - xp.mean(flat, axis=2, keepdims=True)
        covariance = centred @ xp.matrix_transpose(centred) / flat.shape[2]
        weights = first_component(np.asarray(covariance.tolist()))
        shape = (batch, count) + (1,) * (len(sources.shape) - 2)
        scale = xp.asarray(weights.reshape(shape).tolist(), dtype=sources.dtype, device=device(sources))
        return xp.sum(sources * scale, axis=1, keepdims=True)


ENTRIES = (
    Entry(Card("pca", "Principal components", "rule",
               "V. P. S. Naidu, J. R. Raol, Pixel-level image fusion using wavelets and principal component "
               "analysis, Defence Science J. 58(3), 2008",
               "A weighted mean; the source that varies more weighs more, the same everywhere", workspace=5.0),
          f"{__name__}:PrincipalComponents"),
)
