"""Enhanced (multi-frame) DICOM: ITK's geometry against the place of every frame.

ITK takes the frames in the order of the file and the spacing from the first ones, so frames that are
shuffled or unevenly apart would come out wrong without a word. Source: DICOM PS3.3 C.7.6.16.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput, MissingDependency

#: Frames may lie this far (mm) from where the image's geometry puts them.
_APART = 0.05


def check(image: sitk.Image, path: Path) -> None:
    """Refuse a multi-frame file whose frames do not lie where ``image`` says.

    Raises ``BadInput``; ``MissingDependency`` without pydicom, since ITK does not tell the frames' places.
    """
    try:
        from pydicom import dcmread
    except ImportError:
        raise MissingDependency(f"{path} is a multi-frame DICOM file, which takes pydicom to be read safely",
                                "pip install pydicom, or export the series as single slices") from None
    data = dcmread(path, stop_before_pixels=True)
    frames = data.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        return
    mend = "Convert it with dcm2niix, or export the series as single slices"
    shared = data.SharedFunctionalGroupsSequence[0] if data.get("SharedFunctionalGroupsSequence") else {}
    places = [_value(frame, shared, "PlanePositionSequence", "ImagePositionPatient") for frame in frames]
    rescales = {str(_value(frame, shared, "PixelValueTransformationSequence", "RescaleSlope")) for frame in frames}
    if any(place is None for place in places) or len(places) != image.GetSize()[2]:
        raise BadInput(f"{path}: {len(frames)} frames are listed and not all of them have a position", mend)
    if len(rescales) > 1:
        raise BadInput(f"{path}: its frames have {len(rescales)} different rescale slopes", mend)
    said = [image.TransformIndexToPhysicalPoint((0, 0, index)) for index in range(len(places))]
    distances = np.linalg.norm(np.asarray(said) - np.asarray(places, dtype=np.float64), axis=1)
    spacing = _value(frames[0], shared, "PixelMeasuresSequence", "PixelSpacing")
    if distances.max() > _APART or not np.allclose(image.GetSpacing()[1::-1], spacing, rtol=1e-3):
        raise BadInput(f"{path}: frame {int(distances.argmax())} lies {distances.max():.4g} mm from its place in an "
                       "even stack: frames are shuffled, missing or uneven", mend)


def _value(frame: Any, shared: Any, group: str, keyword: str) -> Any:
    """A tag of a frame's functional group, or of the group that all frames share; None where neither has it."""
    for holder in (frame, shared):
        sequence = holder.get(group)
        if sequence:
            return sequence[0].get(keyword)
    return None
