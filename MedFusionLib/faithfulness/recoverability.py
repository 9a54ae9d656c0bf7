"""How well each source can be got back from the fused image: what a reader of the fused image can still know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from MedFusionLib.errors import BadInput
from MedFusionLib.volume import Array

Floats = npt.NDArray[np.float64]

#: Half width of the neighbourhood and edge of the blocks (voxels), by spatial dimension.
_RADIUS = {2: 2, 3: 1}
_BLOCK = {2: 32, 3: 16}
_MOST_VOXELS = 60_000
_RIDGE = 1e-3


@dataclass(frozen=True)
class Recoverability:
    """R2 of each source, at most 1; 0 is what the source's mean would reach. NaN for a source that is constant."""

    sources: tuple[float, ...]

    @property
    def worse(self) -> float:
        """The figure: the R2 of the source that is recovered worst, so that copying or washing out one loses."""
        return min(self.sources, key=lambda value: value if np.isfinite(value) else np.inf)


def recoverability(fused: Array, sources: Array, mask: Array | None = None, seed: int = 0) -> Recoverability:
    """Predict each of ``sources`` from the neighbourhood of each voxel in ``fused``, and score what was not fitted on.

    ``fused`` is grey (*spatial) or RGB (*spatial, 3) and ``sources`` (source, *spatial), all in [0, 1], in two or
    three dimensions; a coloured source is given as its intensity (mean of R, G and B). ``mask`` (*spatial, boolean)
    says where to look, by default where any source is above 0.02. Ridge regression on the 5 x 5 (in 3-D 3 x 3 x 3)
    neighbourhood of every channel, with the squares and products of the centre's channels; it is fitted on every second
    block of 32 x 32 (16 x 16 x 16) voxels and scored on the others, and back, so that no voxel is predicted by a fit
    that saw it.
    Of a volume at most 60 000 voxels, drawn with ``seed``, are used. R2 = 1 - SSE / SST over all of them.
    Raises ``BadInput`` for shapes that do not fit and for a mask that leaves a half empty.
    """
    spatial = sources.shape[1:]
    if len(spatial) not in _RADIUS or fused.shape[: len(spatial)] != spatial or fused.ndim > len(spatial) + 1:
        raise BadInput(
            f"fused of shape {fused.shape} and sources of shape {sources.shape} do not fit",
            "Give fused as (*spatial) or (*spatial, 3) and sources as (source, *spatial)",
        )
    chosen = _choose(sources.max(axis=0) > 0.02 if mask is None else mask, seed)
    features = _features(fused.reshape(*spatial, -1), chosen)
    half = _checkerboard(spatial)[chosen]
    if half.all() or not half.any():
        raise BadInput("the mask lies in one half of the blocks", "Give a larger mask")
    targets = sources.reshape(len(sources), -1)[:, np.ravel_multi_index(chosen, spatial)].T.astype(np.float64)
    predicted = np.empty_like(targets)
    for held_out in (half, ~half):
        predicted[held_out] = _predict(features[~held_out], targets[~held_out], features[held_out])
    error = ((predicted - targets) ** 2).sum(axis=0)
    spread = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    return Recoverability(
        tuple(float(1.0 - e / s) if s > 0 else float("nan") for e, s in zip(error, spread, strict=True))
    )


def _choose(mask: Array, seed: int) -> tuple[Array, ...]:
    """The indices of the voxels to use: all of the mask, or as many of them as are allowed."""
    inside = np.flatnonzero(mask)
    if inside.size > _MOST_VOXELS:
        inside = np.sort(np.random.default_rng(seed).choice(inside, _MOST_VOXELS, replace=False))
    return np.unravel_index(inside, mask.shape)


def _checkerboard(spatial: tuple[int, ...]) -> Array:
    """True in every second block."""
    block = _BLOCK[len(spatial)]
    places: tuple[Array, ...] = np.indices(spatial, sparse=True)
    total = sum((place // block for place in places), np.zeros((1,) * len(spatial), int))
    return np.asarray(total % 2 == 1)


def _features(channels: Array, chosen: tuple[Array, ...]) -> Floats:
    """Standardised neighbourhood of each chosen voxel in each channel, with the products of the centre's channels."""
    dimension = channels.ndim - 1
    radius = _RADIUS[dimension]
    padded = np.pad(channels.astype(np.float64), [(radius, radius)] * dimension + [(0, 0)], mode="edge")
    spatial = padded.shape[:-1]
    flat = padded.reshape(-1, channels.shape[-1])
    places = np.ravel_multi_index(chosen, spatial)
    steps = [np.ravel_multi_index(offset, spatial) for offset in np.ndindex(*(2 * radius + 1,) * dimension)]
    columns = [flat.take(places + step, axis=0) for step in steps]
    centre = columns[len(columns) // 2]
    first, second = np.triu_indices(centre.shape[1])
    columns.append(centre[:, first] * centre[:, second])
    features = np.concatenate(columns, axis=1)
    features -= features.mean(axis=0)
    scale = features.std(axis=0)
    features /= np.where(scale > 0, scale, 1.0)
    return features


def _predict(features: Floats, targets: Floats, unseen: Floats) -> Floats:
    """Ridge regression of ``targets`` on ``features``, applied to the ``unseen`` ones."""
    centre, mean = features.mean(axis=0), targets.mean(axis=0)
    known = features - centre
    square = known.T @ known
    square[np.diag_indices_from(square)] += _RIDGE * len(known)
    weights = np.linalg.solve(square, known.T @ (targets - mean))
    return np.asarray(unseen @ weights + (mean - centre @ weights))
