"""Volume: an image with geometry, modality and name. Reading, writing, and the check at the door."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from MedFusionLib.modality import Modality, modality

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Volume:
    """An image with its geometry in LPS millimetres, as ITK keeps it.

    ``image`` is scalar (any real type) or 8-bit RGB, in three dimensions or (a picture) in two.
    ``unit`` is "HU", "SUV" or "" (arbitrary). ``frame_of_reference`` is the DICOM UID or "".
    """

    image: sitk.Image
    modality: str = "unknown"
    name: str = "volume"
    unit: str = ""
    frame_of_reference: str = ""
    path: Path | None = None

    @property
    def about(self) -> Modality:
        """What is known of this volume's modality."""
        return modality(self.modality)

    @property
    def array(self) -> Array:
        """The voxels, indexed (z, y, x) or (y, x), with a last axis of 3 for colour; read-only view."""
        return sitk.GetArrayViewFromImage(self.image)

    @property
    def is_colour(self) -> bool:
        """True for RGB."""
        return self.image.GetNumberOfComponentsPerPixel() == 3

    @property
    def dimension(self) -> int:
        """2 for a picture, 3 for a volume."""
        return int(self.image.GetDimension())

    def like(self, array: Array, **changes: Any) -> Volume:
        """A new volume on this one's grid with ``array``'s values; other fields as in ``changes``."""
        vector = array.ndim == self.dimension + 1
        image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=vector)
        image.CopyInformation(self.image)
        return replace(self, image=image, **changes)
