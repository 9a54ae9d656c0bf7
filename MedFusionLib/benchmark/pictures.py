"""Pictures of some cases of a benchmark, so that its figures can be held against the eye."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MedFusionLib.benchmark import CaseName, CasePictures
from MedFusionLib.cuts import cut, in_unit_range, middle_of, shown
from MedFusionLib.faithfulness.probes import AVERAGE, MAXIMUM
from MedFusionLib.scoring import Score, Setting
from MedFusionLib.volume import Array

#: Of the reference rows these are shown; copies and probes would only repeat them.
_SHOWN = (MAXIMUM, AVERAGE)


def evenly(count: int, wanted: int) -> frozenset[int]:
    """The numbers of ``wanted`` of ``count`` cases (all, if there are fewer), spread evenly from first to last."""
    return frozenset(int(place) for place in np.linspace(0, count - 1, min(count, wanted)).round())


class Cut:
    """The axial plane through what is of most interest in a case, the same for all that is shown of it."""

    def __init__(self, setting: Setting) -> None:
        self._layers, self._spacing = setting.layers, setting.subject.spacing
        self._axis = 0 if len(self._spacing) == 3 else -1
        functional = next((layer for layer in self._layers if layer.colour is not None), None)
        self._centre = middle_of(self._layers, functional)

    def of(self, score: Score) -> tuple[tuple[str, Array], ...]:
        """The title and the picture of one line; none for a copy or a probe."""
        if score.kind == "reference" and score.name not in _SHOWN:
            return ()
        return ((score.title, self._picture(in_unit_range(score.fused))),)

    def pictures(self, case: CaseName, fused: Sequence[tuple[str, Array]]) -> CasePictures:
        """What is shown of the case: its sources, and what was made of them."""
        sources = tuple((layer.name, self._picture(shown(layer))) for layer in self._layers)
        rows, columns = sources[0][1].shape[:2]
        return CasePictures(case, sources, tuple(fused), (columns * self._spacing[-1], rows * self._spacing[-2]))

    def _picture(self, voxels: Array) -> Array:
        """A copy in 8 bits, so that the volume it was cut from can go."""
        plane = np.clip(cut(voxels, self._axis, self._centre), 0.0, 1.0)
        return np.asarray(np.round(plane * 255.0), np.uint8)
