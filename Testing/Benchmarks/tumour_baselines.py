"""What a tumour's outline costs without a network: thresholds of the PET, and the frame that the collection was cut to.

The 41 % of the maximum are those of R. Boellaard et al., FDG PET/CT: EANM procedure guidelines for tumour imaging,
version 2.0, European Journal of Nuclear Medicine and Molecular Imaging 42, 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from MedFusionLib.resample import resample
from MedFusionLib.segmentation.score import dice
from MedFusionLib.volume import Array, Volume

#: The collection was cut this far (mm) beyond the tumour.
CUT_MM = 50.0
GUIDELINE = 0.41
_FRACTIONS = np.arange(0.15, 0.61, 0.05)


@dataclass(frozen=True)
class Threshold:
    """Voxels of at least ``fraction`` of the highest SUV: all, or those joined to the ``hottest``."""

    fraction: float = GUIDELINE
    hottest: bool = False

    def outline(self, suv: Array) -> Array:
        """The mask of ``suv``, boolean."""
        hot: Array = suv >= self.fraction * suv.max()
        if not self.hottest:
            return hot
        parts, _ = ndimage.label(hot)
        joined: Array = parts == parts[np.unravel_index(suv.argmax(), suv.shape)]
        return joined


def suv_on(fixed: Volume, pet: Volume) -> Array:
    """The PET on the grid of ``fixed``, as the collection aligned them."""
    return resample(pet, fixed, sitk.Transform(3, sitk.sitkIdentity))[0].array


def tuned(suvs: Sequence[Array], truths: Sequence[Array]) -> Threshold:
    """The threshold with the best mean Dice on patients that are not the test's."""
    choices = [Threshold(float(fraction), hottest) for fraction in _FRACTIONS for hottest in (False, True)]
    means = [np.mean([dice(choice.outline(suv), truth) for suv, truth in zip(suvs, truths, strict=True)])
             for choice in choices]
    return choices[int(np.argmax(means))]


def of_the_frame(shape: Sequence[int], spacing: Sequence[float]) -> Array:
    """The ellipsoid that lies ``CUT_MM`` within the borders of a volume: it looks at nothing, and knows only the cut.

    ``spacing`` is in mm in the order of the axes.
    """
    half = [max(length * step / 2 - CUT_MM, step) for length, step in zip(shape, spacing, strict=True)]
    axes = [(np.arange(length) - (length - 1) / 2) * step / reach
            for length, step, reach in zip(shape, spacing, half, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    inside: Array = z**2 + y**2 + x**2 <= 1.0
    return inside
