"""Fusion voxel by voxel: average, maximum and minimum."""

from __future__ import annotations

from typing import Any

from MedFusionLib.arrays import array_namespace
from MedFusionLib.fusion.base import ArrayMethod
from MedFusionLib.fusion.card import Card, Entry


class Average(ArrayMethod):
    """The mean of the sources."""

    def _fuse(self, sources: Any) -> Any:
        return array_namespace(sources).mean(sources, axis=1, keepdims=True)


class Maximum(ArrayMethod):
    """The greatest of the sources."""

    def _fuse(self, sources: Any) -> Any:
        return array_namespace(sources).max(sources, axis=1, keepdims=True)


class Minimum(ArrayMethod):
    """The least of the sources."""

    def _fuse(self, sources: Any) -> Any:
        return array_namespace(sources).min(sources, axis=1, keepdims=True)


_REFERENCE = ("G. Piella, A general framework for multiresolution image fusion: from pixels to regions, "
              "Information Fusion 4(4), 2003")

ENTRIES = (
    Entry(Card("average", "Average", "rule", _REFERENCE,
               "The mean of the sources: no artefacts, half the contrast",
               workspace=1.0, receptive_field=0), f"{__name__}:Average"),
    Entry(Card("maximum", "Maximum", "rule", _REFERENCE,
               "The brightest source at each voxel: simple, and hard to beat on black background",
               workspace=1.0, receptive_field=0), f"{__name__}:Maximum"),
    Entry(Card("minimum", "Minimum", "rule", _REFERENCE,
               "The darkest source at each voxel: keeps what is dark in any source",
               workspace=1.0, receptive_field=0), f"{__name__}:Minimum"),
)
