"""The door: what cannot work is refused here, before any heavy work, with its value and the mend."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from MedFusionLib import naming
from MedFusionLib.errors import BadInput
from MedFusionLib.geometry import one_line, orthonormal

if TYPE_CHECKING:
    from MedFusionLib.volume import Volume

#: Voxel sizes in mm that a medical image can have; outside, the unit is wrong (m, micrometre).
SPACING = (1e-4, 100.0)
#: Longest side of one volume over that of another, above which they cannot show the same patient.
EXTENT_RATIO = 100.0
#: Memory of a machine that does not tell (bytes).
_MEMORY = 64 * 2**30
_WORKING_BYTES = 4


def check(volume: Volume) -> None:
    """Refuse a volume that nothing can be done with; raises ``BadInput``.

    Looks at the modality's name, size, kind of voxels, spacing, origin, direction, finite values and
    whether there is any contrast. Voxels are read once.
    """
    what = described(volume)
    _ = volume.about
    check_size(volume.image.GetSize(), what)
    check_kind(volume.image, what)
    check_geometry(volume.image.GetSpacing(), volume.image.GetOrigin(), volume.image.GetDirection(), what)
    check_values(volume, what)


def check_sources(volumes: Sequence[Volume]) -> list[Volume]:
    """The volumes with unique names, after looking at what concerns them together; raises ``BadInput``.

    At least two, all pictures or all volumes, no file twice, and of a size that one patient can have.
    """
    if len(volumes) < 2:
        raise BadInput(f"{len(volumes)} source given", "Fusion needs at least two volumes of one patient")
    for volume in volumes:
        if volume.dimension != volumes[0].dimension:
            raise BadInput(f"{described(volumes[0])} is {volumes[0].dimension}-D and {described(volume)} is "
                           f"{volume.dimension}-D", "Give only pictures or only volumes")
    for index, volume in enumerate(volumes):
        for other in volumes[:index]:
            _check_pair(other, volume)
    names = naming.unique(volume.name for volume in volumes)
    return [replace(volume, name=name) for volume, name in zip(volumes, names, strict=True)]


def check_mask(mask: Volume, on: Volume) -> None:
    """Refuse a mask that is empty or not on the grid of ``on``; raises ``BadInput``."""
    what, where = described(mask), described(on)
    check_size(mask.image.GetSize(), what)
    check_kind(mask.image, what)
    check_geometry(mask.image.GetSpacing(), mask.image.GetOrigin(), mask.image.GetDirection(), what)
    mend = f"Resample the mask to the grid of {where} with nearest neighbour"
    if mask.is_colour:
        raise BadInput(f"{what} is a colour picture, not a mask", "Save the mask with one channel")
    if mask.image.GetSize() != on.image.GetSize():
        raise BadInput(f"the mask {what} has {shape(mask.image.GetSize())} voxels, its volume "
                       f"{shape(on.image.GetSize())}", mend)
    apart = float(np.abs(mask.ijk_to_ras - on.ijk_to_ras).max())
    if apart > 1e-3:
        raise BadInput(f"the mask {what} lies on another grid than its volume (geometry differs by {apart:.3g} mm)",
                       mend)
    if not np.any(mask.array):
        raise BadInput(f"the mask {what} is empty: all its {mask.array.size} voxels are 0",
                       "Draw the region, or leave the mask out")


def check_size(size: Sequence[int], what: str) -> None:
    """Refuse an empty grid, a dimension of one voxel, and more dimensions than three."""
    if len(size) not in (2, 3):
        raise BadInput(f"{what} is {len(size)}-D ({shape(size)})",
                       "Give a 2-D picture or a 3-D volume; of a 4-D file choose one frame (FILE#0)")
    if min(size) < 1:
        raise BadInput(f"{what} is empty: its size is {shape(size)}", "Export it again from its source")
    if min(size) < 2:
        raise BadInput(f"{what} has a single slice ({shape(size)})",
                       "Give the whole volume, or save the slice as a 2-D picture (PNG) and fuse pictures")


def check_fits(size: Sequence[int], bytes_per_voxel: int, what: str) -> None:
    """Refuse a grid whose voxels, as stored or as float32, do not fit in the machine's memory."""
    needed = int(np.prod([int(length) for length in size], dtype=object)) * max(bytes_per_voxel, _WORKING_BYTES)
    if needed > memory():
        raise BadInput(f"{what} promises {shape(size)} voxels, {amount(needed)}, and this machine has "
                       f"{amount(memory())} of memory", "Crop or resample it, or correct its size")


def check_kind(image: sitk.Image, what: str) -> None:
    """Refuse complex voxels and vectors that are no 8-bit RGB."""
    kind, channels = image.GetPixelIDTypeAsString(), image.GetNumberOfComponentsPerPixel()
    check_channels(kind, channels, what)


def check_channels(kind: str, channels: int, what: str) -> None:
    """The same for a voxel type in ITK's words and its number of channels, as a header tells them."""
    if "complex" in kind:
        raise BadInput(f"{what} has complex voxels ({kind})", "Save its magnitude as a real volume first")
    if channels != 1 and not (channels == 3 and "8-bit unsigned" in kind):
        raise BadInput(f"{what} has vector voxels of {channels} components ({kind})",
                       f"Choose one component: {what}#0 to {what}#{channels - 1}")


def check_geometry(spacing: Sequence[float], origin: Sequence[float], direction: Sequence[float],
                   what: str) -> None:
    """Refuse a spacing (mm), origin (LPS, mm) or direction that no image can have."""
    check_spacing(spacing, what)
    if not np.isfinite(np.asarray(origin, dtype=np.float64)).all():
        raise BadInput(f"{what}: the origin is {one_line(origin)} mm",
                       "Correct the origin in the file's header, or in Slicer's Volumes module")
    orthonormal(np.reshape(direction, (len(spacing), len(spacing))), what)


def check_spacing(spacing: Sequence[float], what: str) -> None:
    """Refuse spacing (mm) that is zero, negative, not finite, or outside ``SPACING``."""
    values = np.asarray(spacing, dtype=np.float64)
    mend = ("Correct the spacing (mm) in the file's header or in Slicer's Volumes module, or convert from the original "
            "again")
    if not np.isfinite(values).all() or (values <= 0).any():
        raise BadInput(f"{what}: the spacing is {numbers(spacing)} mm; it must be positive and finite", mend)
    if (values < SPACING[0]).any() or (values > SPACING[1]).any():
        raise BadInput(f"{what}: the spacing is {numbers(spacing)} mm, outside {SPACING[0]:g} to "
                       f"{SPACING[1]:g} mm", mend)


def check_values(volume: Volume, what: str) -> None:
    """Refuse NaN, infinity, and a volume whose voxels all have one value."""
    array = volume.array
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = array.size - int(np.count_nonzero(np.isfinite(array)))
        mend = ("Put the background there with non_finite='background' (--non-finite background)" if volume.path else
                "Give them the background's value first (in Slicer's Python console: slicer.util.arrayFromVolume)")
        raise BadInput(f"{what} holds {bad} voxels of {array.size} that are NaN or infinite", mend)
    if low == high:
        raise BadInput(f"{what} is constant: every voxel is {float(low):g}",
                       "Look whether the right file was given and whether its export was complete")


def memory() -> int:
    """The machine's memory in bytes; 64 GiB where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _MEMORY


def described(volume: Volume) -> str:
    """The volume's path, or its name when it was made in memory."""
    return str(volume.path) if volume.path else volume.name


def shape(size: Sequence[int]) -> str:
    """``512 x 512 x 90``."""
    return " x ".join(str(length) for length in size)


def numbers(values: Sequence[float]) -> str:
    """``0.97 x 0.97 x 3.27``."""
    return " x ".join(f"{value:g}" for value in values)


def amount(count: float) -> str:
    """A number of bytes for people."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.4g} {unit}"
        count /= 1000
    return f"{count:.4g} TB"


def _check_pair(first: Volume, second: Volume) -> None:
    if first.path and second.path and os.path.exists(first.path) and os.path.exists(second.path) \
            and os.path.samefile(first.path, second.path) and np.array_equal(first.array, second.array):
        raise BadInput(f"{described(first)} and {described(second)} are the same file",
                       "Give two different volumes of the patient")
    if first.dimension == 3:
        sides = [max(n * s for n, s in zip(volume.image.GetSize(), volume.image.GetSpacing(), strict=True))
                 for volume in (first, second)]
        if max(sides) > EXTENT_RATIO * min(sides):
            raise BadInput(f"{described(first)} is {sides[0]:g} mm long and {described(second)} {sides[1]:g} mm",
                           "They cannot show the same patient: correct the spacing (mm) of one")
