"""What is judged against: the layers of a fusion, and what of them every method's figures have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from MedFusionLib.faithfulness.retention import Plan, plan_structures
from MedFusionLib.layers import Layer
from MedFusionLib.volume import Array

#: A functional source is hot where the largest of R, G and B is at least this.
_HOT = 0.5
_VISIBLE = 0.05


@dataclass(frozen=True, eq=False)
class Subject:
    """The layers that methods fuse. ``spacing`` is in mm in the order of the array's axes, ``lesion`` boolean."""

    layers: tuple[Layer, ...]
    spacing: tuple[float, ...]
    lesion: Array | None = None

    @property
    def functional(self) -> bool:
        """True where a source has colour."""
        return any(layer.colour is not None for layer in self.layers)

    @cached_property
    def common(self) -> Array:
        """Where all sources see; everywhere where they share nothing."""
        common = np.logical_and.reduce([layer.validity for layer in self.layers])
        return common if common.any() else np.ones_like(common)

    @cached_property
    def plan(self) -> Plan:
        """Structures planted into every source, where any of them shows something."""
        visible = np.max([layer.grey for layer in self.layers], axis=0) > _VISIBLE
        return plan_structures(self.layers, self.spacing, self.common & visible)

    @cached_property
    def hot_plan(self) -> Plan | None:
        """Structures planted into the anatomical sources where a functional one is hot; None where there is none."""
        coloured = [layer.colour for layer in self.layers if layer.colour is not None]
        if not coloured:
            return None
        hot = np.any([colour.max(axis=-1) >= _HOT for colour in coloured], axis=0)
        anatomical = [number for number, layer in enumerate(self.layers) if layer.colour is None]
        return plan_structures(self.layers, self.spacing, self.common & hot, anatomical)
