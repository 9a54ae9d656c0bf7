"""Entropy and mutual information, from histograms of 256 grey levels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from MedFusionLib.metrics.batch import count, levels
from MedFusionLib.metrics.comparison import Comparison, compare, quotient

_LEVELS = 256
_TSALLIS = 1.85


def entropy(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Shannon entropy of the fused image: EN = -sum p log2 p over its 256-level histogram, in bits.

    Survey, table 1. Range 0 to 8; higher means more grey levels in use. Fooled by noise and by haze.
    ``sources`` and ``spacing`` are not used. Returns one value for each item of the batch.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return _entropy(it.xp, marginals(it)[0])


def mutual_information(
    fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None
) -> Any:
    """Mutual information of the fused image with each source, summed over the sources, in bits.

    MI = sum over sources of H(source) + H(fused) - H(source, fused), joint histogram of 256 x 256 levels
    (Qu, Zhang and Yan 2002; survey, table 1). CDDFuse prints nats. At least 0; higher is better. Fooled by copying a
    source. ``spacing`` is not used. Returns one value for each item of the batch.
    """
    it = compare(fused, sources, mask, spacing, shared)
    return sum(_informations(it))


def nmi(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Normalised mutual information, also called Q_MI: NMI = 2 sum of MI(S, F) / (H(S) + H(F)) over the sources S.

    Hossny, Nahavandi and Creighton 2008; histograms as in ``mutual_information``. Range 0 to n for n sources; higher
    is better. Fooled by copying a source. ``spacing`` is not used. A source counts 0 where it and fused are flat.
    """
    it = compare(fused, sources, mask, spacing, shared)
    both, *own = [_entropy(it.xp, histogram) for histogram in marginals(it)]
    pairs = zip(_informations(it), own, strict=True)
    return sum(2.0 * quotient(it.xp, information, alone + both) for information, alone in pairs)


def studholme(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Studholme's normalised mutual information: the mean over the sources S of (H(S) + H(F)) / H(S, F).

    Studholme, Hill and Hawkes 1999; histograms as in ``mutual_information``. Range 1 (independent) to 2 (the same);
    higher is better. Fooled by copying a source. ``spacing`` is not used. 2 where both are flat.
    """
    it = compare(fused, sources, mask, spacing, shared)
    fused_entropy, *own = [_entropy(it.xp, histogram) for histogram in marginals(it)]
    pairs = zip(own, _joint_entropies(it), strict=True)
    ratios = [quotient(it.xp, alone + fused_entropy, joint, 2.0) for alone, joint in pairs]
    return sum(ratios) / len(ratios)


def q_te(fused: Any, sources: Any, mask: Any = None, spacing: Any = None, shared: Comparison | None = None) -> Any:
    """Tsallis information TE of the fused image with each source, summed over the sources.

    Cvejic, Canagarajah and Bull 2006: I = (1 - sum p^q / (p_S p_F)^(q - 1)) / (1 - q), q = 1.85; histograms as in
    ``mutual_information``. Liu et al. 2012 divide by H(A) + H(B) - I(A, B), which changes sign where the sources are
    alike; that is not done here. At least 0; higher is better. Fooled by copying a source. ``spacing`` is not used.
    """
    it = compare(fused, sources, mask, spacing, shared)
    made, *own = marginals(it)
    return sum(_tsallis(it.xp, joint, one, made) for joint, one in zip(joints(it), own, strict=True))


def _tsallis(xp: ModuleType, joint: Any, rows: Any, columns: Any) -> Any:
    """The Tsallis mutual information of a joint histogram whose marginals are ``rows`` and ``columns``."""
    product = xp.reshape(rows[:, :, None] * columns[:, None, :], joint.shape)
    terms, seen = xp.zeros_like(joint), joint > 0
    terms[seen] = joint[seen] * (joint[seen] / product[seen]) ** (_TSALLIS - 1.0)
    return (xp.sum(terms, axis=1) - 1.0) / (_TSALLIS - 1.0)


def marginals(it: Comparison) -> list[Any]:
    """The normalised 256-level histograms of fused and of each source."""

    def make() -> list[Any]:
        return [_histogram(it.xp, index, it.total_weight(), _LEVELS) for index in _levels(it)]

    return it.once("marginals", make)


def joints(it: Comparison) -> list[Any]:
    """The normalised joint histograms of each source with fused: (batch, source's level * 256 + fused's level)."""

    def make() -> list[Any]:
        fused, *sources = _levels(it)
        return [_histogram(it.xp, index * _LEVELS + fused, it.total_weight(), _LEVELS**2) for index in sources]

    return it.once("joints", make)


def _levels(it: Comparison) -> list[Any]:
    return it.once("levels", lambda: [levels(it.xp, picture) for picture in (it.fused, *it.sources)])


def _informations(it: Comparison) -> list[Any]:
    """The mutual information of fused with each source, in bits."""

    def make() -> list[Any]:
        fused, *alone = [_entropy(it.xp, histogram) for histogram in marginals(it)]
        return [own + fused - joint for own, joint in zip(alone, _joint_entropies(it), strict=True)]

    return it.once("informations", make)


def _joint_entropies(it: Comparison) -> list[Any]:
    """The entropy of the joint histogram of each source with fused, in bits."""
    return it.once("joint entropies", lambda: [_entropy(it.xp, joint) for joint in joints(it)])


def _histogram(xp: ModuleType, index: Any, weight: Any, bins: int) -> Any:
    """The normalised histogram of each item of the batch: (batch, bins)."""
    batch = index.shape[0]
    item = xp.reshape(xp.arange(batch, dtype=xp.int64, device=index.device), (-1,) + (1,) * (index.ndim - 1))
    counts = xp.reshape(count(xp, index + item * bins, weight, batch * bins), (batch, bins))
    return counts / xp.sum(counts, axis=1, keepdims=True)


def _entropy(xp: ModuleType, probabilities: Any) -> Any:
    terms, seen = xp.zeros_like(probabilities), probabilities > 0
    # Most cells of a joint histogram are empty.
    terms[seen] = probabilities[seen] * xp.log2(probabilities[seen])
    return -xp.sum(terms, axis=1)
