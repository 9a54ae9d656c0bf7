"""Lesion contrast: is a known lesion seen as well in the fused image as in the source that shows it best?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from MedFusionLib.errors import BadInput
from MedFusionLib.volume import Array

_LEAST_NOISE = 1.0 / 255.0


@dataclass(frozen=True)
class LesionContrast:
    """Contrast-to-noise ratios of the lesion in the fused image and in each source."""

    fused: float
    sources: tuple[float, ...]

    @property
    def kept(self) -> float:
        """The ratio in the fused image over that in the best source: 1 and more is as good as any source alone."""
        best = max(self.sources)
        return self.fused / best if best > 0 else float("nan")


def lesion_contrast(
    fused: Array,
    sources: Sequence[Array],
    lesion: Array,
    spacing: Sequence[float] | None = None,
    mask: Array | None = None,
    gap: float = 2.0,
    width: float = 10.0,
) -> LesionContrast:
    """Contrast-to-noise ratio of ``lesion`` (*spatial, boolean) in ``fused`` and in each of ``sources``.

    Images are in [0, 1], grey (*spatial) or RGB (*spatial, 3), in two or three dimensions. The surroundings are the
    shell from ``gap`` to ``gap + width`` mm off the lesion, within ``mask`` (where the sources see). The ratio is
    |mean of the lesion - mean of the shell| over the standard deviation in the shell (at least one of 256 grey
    levels); of RGB it is the distance of the mean colours in CIELAB over the root mean square distance from the
    shell's mean colour, so that contrast by hue counts as well. ``spacing`` is in mm in the order of the array's axes.
    Raises ``BadInput`` for a lesion that is empty or has no surroundings.
    """
    from scipy.ndimage import distance_transform_edt

    lesion = lesion.astype(bool)
    if any(image.shape[: lesion.ndim] != lesion.shape for image in (fused, *sources)):
        raise BadInput(f"the lesion's mask has shape {lesion.shape}, the images another", "Give it on their grid")
    if not lesion.any():
        raise BadInput("the lesion's mask is empty", "Give a mask with at least one voxel")
    distance = distance_transform_edt(~lesion, sampling=spacing)
    shell = (distance > gap) & (distance <= gap + width)
    if mask is not None:
        shell &= mask
    if not shell.any():
        raise BadInput(f"nothing lies {gap:g} to {gap + width:g} mm around the lesion", "Give a smaller mask")
    ratios = [_contrast_to_noise(image, lesion, shell) for image in (fused, *sources)]
    return LesionContrast(ratios[0], tuple(ratios[1:]))


def _contrast_to_noise(image: Array, lesion: Array, shell: Array) -> float:
    inside, around = (image[region] for region in (lesion, shell))
    least = _LEAST_NOISE
    if image.ndim > lesion.ndim:
        from MedFusionLib.colour import to_lab

        inside, around, least = to_lab(inside), to_lab(around), 100.0 * least
    centre = around.mean(axis=0)
    noise = np.sqrt(((around - centre) ** 2).reshape(len(around), -1).sum(axis=1).mean())
    return float(np.linalg.norm(np.atleast_1d(inside.mean(axis=0) - centre)) / max(float(noise), least))
