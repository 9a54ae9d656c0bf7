"""Writing a volume or picture to a file, completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedFusionLib.errors import BadInput
from MedFusionLib.files import suffix_of
from MedFusionLib.quiet import quiet
from MedFusionLib.volume import Volume

#: Suffixes that can be written, and whether the voxels are compressed.
WRITABLE = {".nii.gz": True, ".nii": False, ".nrrd": True, ".png": True}


def write(volume: Volume, path: str | os.PathLike[str]) -> Path:
    """Write ``volume``; the docstring of :meth:`Volume.write` says all."""
    place = Path(path).expanduser()
    suffix = suffix_of(place)
    if suffix not in WRITABLE:
        raise BadInput(f"{place}: the suffix '{suffix}' cannot be written", f"Use one of {', '.join(WRITABLE)}")
    if not place.parent.is_dir():
        raise BadInput(f"the folder {place.parent} does not exist", "Make it first")
    if place.is_dir():
        raise BadInput(f"{place} is a folder", "Give the name of a file")
    if suffix == ".png" and (volume.dimension != 2 or volume.array.dtype != np.uint8):
        raise BadInput(f"{place}: a {volume.dimension}-D volume of {volume.array.dtype} cannot be a PNG picture",
                       "Write it as .nii.gz or .nrrd; a PNG holds 2-D 8-bit grey or RGB")
    # The temporary file keeps the suffix, from which ITK knows the format.
    partial = place.with_name(f".{place.name[:-len(suffix)]}.{os.getpid()}.partial{suffix}")
    try:
        with quiet():
            sitk.WriteImage(volume.image, str(partial), useCompression=WRITABLE[suffix])
        os.replace(partial, place)
    except (RuntimeError, OSError) as error:
        raise BadInput(f"{place} cannot be written ({_reason(error, place)})",
                       "Give another folder, or free some space") from None
    finally:
        partial.unlink(missing_ok=True)
    return place


def _reason(error: Exception, place: Path) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "permission denied" if not os.access(place.parent, os.W_OK) else "the disk may be full or read-only"
