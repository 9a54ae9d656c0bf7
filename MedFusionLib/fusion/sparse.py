"""Fusion by sparse representation: the patch whose code says most is kept."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from MedFusionLib.fusion.base import NumpyMethod
from MedFusionLib.fusion.bounds import keep_within
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.selection import fuse_low, low_parameter
from MedFusionLib.fusion.sparse_coding import encode
from MedFusionLib.fusion.sparse_patches import covered, grid_size, patches, spread_mean
from MedFusionLib.resources import resource

Real = npt.NDArray[np.floating[Any]]

# So many patches are taken out of a volume together.
_AT_ONCE = 2**16


@cache
def load_dictionary(dimension: int) -> Real:
    """The learned dictionary for patches of 2 or 3 dimensions, float32 ``(atom, *patch)``.

    Atoms have mean 0 and norm 1. ``Testing/Benchmarks/learn_dictionary.py`` learned them.
    """
    atoms: Real = np.load(resource(f"Dictionaries/atoms_{dimension}d.npy"), allow_pickle=False)
    return atoms


class Sparse(NumpyMethod):
    """Overlapping patches less their means are coded; each is taken whole, with what the dictionary does not
    represent, from the source with the greatest l1 norm of its code, and overlaps are averaged, the middle of a
    patch weighing most.

    With ``w`` the weight of those of a voxel's patches that come from a source, the result is the sum over the
    sources of ``w`` times the voxel, less the weighted mean of the taken patches' means, plus that of the means
    fused by the low rule: no patch has to be put together again.
    """

    def __init__(self, card: Card, stride: int, sparsity: int, tolerance: float, low: str) -> None:
        super().__init__(card)
        self._stride = stride
        self._sparsity = sparsity
        self._tolerance = tolerance
        self._low = low

    def _fuse(self, sources: Any) -> Any:
        shape = sources.shape[2:]
        edge = load_dictionary(len(shape)).shape[-1]
        fused = np.zeros_like(sources[:, :1])
        for item, out in zip(sources, fused, strict=True):
            found = [self._measure(source) for source in item]
            activity, means = np.stack([a for a, _ in found]), np.stack([m for _, m in found])
            chosen = (activity == activity.max(axis=0)).astype(sources.dtype)
            chosen /= chosen.sum(axis=0)
            offset = fuse_low(means[None], self._low)[0, 0] - (chosen * means).sum(axis=0)
            for source, part in zip(item, chosen, strict=True):
                out[0] += spread_mean(part, shape, edge, self._stride) * source
            # Last, because the order of a sum counts in its last digit and the order of sources must not.
            out[0] += spread_mean(offset, shape, edge, self._stride)
        return keep_within(fused, sources)

    def _measure(self, source: Real) -> tuple[Real, Real]:
        """The activity and the mean of each patch of one source ``(*spatial)``, on the grid of patches."""
        dictionary = load_dictionary(source.ndim)
        edge = dictionary.shape[-1]
        atoms = dictionary.reshape(len(dictionary), -1).astype(source.dtype)
        grid = tuple(grid_size(size, edge, self._stride) for size in source.shape)
        activity, means = np.empty(grid, source.dtype), np.empty(grid, source.dtype)
        windows = patches(covered(source, edge, self._stride), edge, self._stride)
        rows = max(1, _AT_ONCE // int(np.prod(grid[1:])))
        for start in range(0, grid[0], rows):
            part = np.s_[start:start + rows]
            signals = windows[part].reshape(-1, atoms.shape[1])
            mean = signals.mean(axis=1)
            code = encode(signals - mean[:, None], atoms, self._sparsity, self._tolerance)
            activity[part] = code.activity.reshape(-1, *grid[1:])
            means[part] = mean.reshape(-1, *grid[1:])
        return activity, means


ENTRIES = (
    Entry(Card(
        "sparse", "Sparse representation", "sparse",
        "B. Yang and S. Li, Multifocus image fusion and restoration with sparse representation, IEEE "
        "Transactions on Instrumentation and Measurement 59(4), 2010",
        "Takes each small patch from the source that needs most of a learned dictionary of patches",
        parameters=(Parameter("stride", 2, "Voxels between neighbouring patches; 1 is smoothest", 1, 4),
                    Parameter("sparsity", 6, "The most atoms a patch is made of", 1, 16),
                    Parameter("tolerance", 0.01, "Root mean square, of a range of 1, that may be left uncoded",
                              0.001, 0.1),
                    low_parameter("maximum")),
        workspace=12.0,
    ), f"{__name__}:Sparse"),
)
