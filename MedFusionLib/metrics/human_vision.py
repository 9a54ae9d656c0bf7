"""Quality to a model of the eye: contrasts after the contrast sensitivity function (Chen and Blum; and Varshney)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from MedFusionLib.metrics.comparison import Comparison, compare, quotient
from MedFusionLib.metrics.edges import sobel
from MedFusionLib.metrics.fourier import Real, back, frequencies, like, transform

_LEVELS = 255.0
# Voxels a degree of the eye: Liu's programs show a picture of 256 pixels under 15 degrees (Q_CB) and 4 degrees (Q_CV).
_VOXELS_A_DEGREE = 256.0 / 15.0
_VOXELS_A_DEGREE_CV = 64.0
_SALIENCE = 5
_UNSEEN = 1e-3
_BLOCK = 16


def q_cb(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Chen and Blum's Q_CB: how well the visible local contrast of the more salient source is preserved.

    Chen and Blum 2009: pictures (0 to 255) are filtered by the difference-of-Gaussians sensitivity
    exp(-(f/15.387)^2) - .7622 exp(-(f/1.3456)^2), f in cycles a degree of 256/15 voxels (Liu's program); Peli's
    contrast C of Gaussians of 2 and 4 voxels, masked C' = |C|^3 / (C^2 + .0001); Q_S the smaller over the larger of
    C' of S and F, weighted by C'^2 of the sources; the mean. Against division by darkness, where the program has
    NaN, the local mean counts at least half a grey level, and |C| under .001 is unseen (two unseen contrasts are
    alike); pictures are not stretched to 0 to 255 first, as the program does. Range 0 to 1; higher is better.
    Fooled by copying the source of higher contrast. ``spacing`` is not used.
    """
    it = compare(fused, sources, mask, spacing, shared)
    xp = it.xp
    contrasts = [_masked_contrast(xp, picture) for picture in (it.fused, *it.sources)]
    made, *own = contrasts
    salience = [contrast**2 for contrast in own]
    total = sum(salience)
    quality: Any = 0.0
    for contrast, weight in zip(own, salience, strict=True):
        kept = quotient(xp, xp.minimum(contrast, made), xp.maximum(contrast, made), 1.0)
        quality = quality + quotient(xp, weight, total, 1.0 / len(own)) * kept
    return it.mean(quality)


def _masked_contrast(xp: Any, picture: Any) -> Any:
    shape = tuple(picture.shape[1:])
    spectrum = transform(_LEVELS * picture)
    precision = spectrum.real.dtype
    narrow, wide = (back(spectrum * like(response, spectrum, precision), shape) for response in _responses(shape))
    contrast = xp.abs(narrow - wide) / xp.clip(xp.abs(wide), 0.5, None)
    square = contrast * contrast
    masked = contrast * square / (square + 1e-4)
    return xp.where(contrast < _UNSEEN, 0.0 * masked, masked)


@lru_cache(maxsize=1)
def _responses(shape: tuple[int, ...]) -> list[Real]:
    """What multiplies half the spectrum: the sensitivity with Gaussians of 2 and of 4 voxels."""
    squared = sum((axis**2 for axis in frequencies(shape, half=True)), np.zeros(()))
    degree = squared * _VOXELS_A_DEGREE**2
    sensitivity = np.exp(-degree / 15.387**2) - 0.7622 * np.exp(-degree / 1.3456**2)
    return [sensitivity * np.exp(-2.0 * (np.pi * sigma) ** 2 * squared) for sigma in (2.0, 4.0)]


@lru_cache(maxsize=1)
def _mannos(shape: tuple[int, ...]) -> Real:
    """Mannos and Sakrison's sensitivity over half the spectrum of a picture of ``shape``."""
    size = np.sqrt(sum((axis**2 for axis in frequencies(shape, half=True)), np.zeros(()))) * _VOXELS_A_DEGREE_CV
    sensitivity: Real = 2.6 * (0.0192 + 0.144 * size) * np.exp(-((0.144 * size) ** 1.1))
    return sensitivity


def q_cv(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Chen and Varshney's Q_CV: the visible squared error against each source, where the source has edges.

    Chen and Varshney 2007, as Liu's program has it: the difference of S and F (0 to 255), filtered by Mannos and
    Sakrison's sensitivity 2.6 (.0192 + .144 f) exp(-(.144 f)^1.1), f in cycles a degree of 64 voxels (.114 in
    Mannos and Sakrison 1974); its mean square D in blocks of 16 voxels a side (smaller at the far borders),
    weighted by the sum w of the fifth power of Sobel's gradient of S in the block: sum of w D / sum of w. The
    program stretches each picture to 0 to 255 first, which hides a change of contrast; that is not done here. At
    least 0; lower is better. Fooled by copying a source that has the edges. ``spacing`` as in ``qabf``. NaN where
    the sources have no edge.
    """
    it = compare(fused, sources, mask, spacing, shared)
    xp, shape = it.xp, it.fused.shape[1:]
    sensitivity = _mannos(tuple(shape))
    voxels = _block_sums(xp, it.total_weight())
    above: Any = 0.0
    below: Any = 0.0
    for place, source in enumerate(it.sources, 1):
        spectrum = transform(_LEVELS * (source - it.fused))
        seen = back(spectrum * like(sensitivity, spectrum, spectrum.real.dtype), shape)
        error, edges = seen**2, sobel(it, place).length ** _SALIENCE
        if it.weight is not None:
            error, edges = error * it.weight, edges * it.weight
        salience = _block_sums(xp, edges)
        mean = quotient(xp, _block_sums(xp, error), voxels)
        above, below = above + xp.sum(salience * mean, axis=it.axes), below + xp.sum(salience, axis=it.axes)
    return quotient(xp, above, below, float("nan"))


def _block_sums(xp: Any, values: Any) -> Any:
    """The sums of (batch, *spatial) over blocks of 16 voxels a side; 0 goes on beyond the far borders."""
    for axis in range(1, len(values.shape)):
        before, length, after = values.shape[:axis], values.shape[axis], values.shape[axis + 1 :]
        blocks = -(-length // _BLOCK)
        missing = blocks * _BLOCK - length
        if missing:
            padding = xp.zeros((*before, missing, *after), dtype=values.dtype, device=values.device)
            values = xp.concat([values, padding], axis=axis)
        values = xp.sum(xp.reshape(values, (*before, blocks, _BLOCK, *after)), axis=axis + 1)
    return values
