"""Taking one volume or picture through any fusion method: planes, batches, tiles, fields of view, memory."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion.base import check_sources
from MedFusionLib.fusion.card import Card
from MedFusionLib.fusion.memory import available_bytes
from MedFusionLib.fusion.method import Method
from MedFusionLib.fusion.shortage import attempt
from MedFusionLib.fusion.tiling import fuse_tiles, tiled_voxels
from MedFusionLib.fusion.validity import check_validity, fill_invalid, restore_single
from MedFusionLib.progress import Progress, silent, within

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

#: The array axis (z, y, x) that the slices of each plane are stacked along.
PLANES: dict[str, int] = {"axial": 0, "coronal": 1, "sagittal": 2}
PLANE_CHOICES = (*PLANES, "all", "volume")
_BATCH_BYTES = 512 * 2**20
_TILES = (256, 128, 64)


def fuse_arrays(method: Method, sources: Array, validity: Mask | None = None, plane: str | None = None,
                tile: int | None = None, progress: Progress = silent) -> Array:
    """Fuse the sources of one volume or picture; returns float32 ``(*spatial)`` in [0, 1].

    ``sources`` is ``(source, *spatial)`` in [0, 1], a volume indexed (z, y, x) or a picture (y, x).
    ``validity`` (same shape, boolean) is False outside a source's field of view: there the others are used,
    a voxel that one source alone sees is that source's exactly, and one that none sees is 0.
    ``plane`` takes a volume slice by slice ("axial", "coronal", "sagittal"), as the mean of the three
    ("all"), or in 3-D ("volume"); None is "volume" where the method can, else "axial". ``tile`` cuts a
    volume in 3-D into blocks of about that edge, for methods with a receptive field; it is chosen when
    memory asks for it. Raises ``BadInput`` before any work when the input cannot be fused.
    """
    fused: Array = fuse_planes(method, sources, validity, plane, tile, progress)[0]
    return fused


def fuse_planes(method: Method, sources: Array, validity: Mask | None = None, plane: str | None = None,
                tile: int | None = None, progress: Progress = silent, beside: Array | None = None) -> Array:
    """As ``fuse_arrays``, with all that the method answers: ``(1, *spatial)``, or more planes.

    ``beside`` (plane, *spatial) are more planes of the same voxels, handed to the method after its sources: see
    ``tell_roles``. A method that is handed colours may answer how strong colour is to be in a second plane.
    """
    plane = choose_plane(method, sources.shape, plane)
    _check_values(sources)
    sources = np.ascontiguousarray(sources, dtype=np.float32)
    if validity is not None:
        check_validity(sources, validity)
    # The planes beside the sources are there twice, as they are given and among the filled ones.
    more = 0 if beside is None else 8 * beside.size
    tile = _plan_memory(method, sources, validity, plane, tile, more)
    filled = sources if validity is None else fill_invalid(sources, validity)
    filled = filled if beside is None else np.concatenate([filled, beside], dtype=np.float32)
    masks = validity if method.card.uses_validity else None
    if plane == "all":
        parts = (_fuse_slices(method, filled, masks, axis, within(progress, "fuse", number / 3, (number + 1) / 3))
                 for number, axis in enumerate(PLANES.values()))
        fused = np.asarray(sum(parts), np.float32) / np.float32(3)
    elif plane in PLANES:
        fused = _fuse_slices(method, filled, masks, PLANES[plane], progress)
    else:
        fused = _fuse_volume(method, filled, masks, tile, progress)
    progress("fuse", 1.0, method.card.title)
    if validity is not None:
        fused[0] = restore_single(fused[0], sources, validity)
    return fused


def receptive_field(method: Method) -> int | None:
    """How far a voxel of the output looks, in voxels; None when it looks at everything."""
    field: int | None = getattr(method, "receptive_field", method.card.receptive_field)
    return field


def choose_plane(method: Method, shape: tuple[int, ...], plane: str | None) -> str:
    """The plane to use for sources of ``shape`` (source, *spatial); "volume" for a picture too, which has none.

    Raises ``BadInput`` where the method can use none.
    """
    card = method.card
    if len(shape) not in (3, 4) or 0 in shape:
        raise BadInput(f"sources of shape {shape}", "Give (source, z, y, x) or (source, y, x), none empty")
    if plane is not None and plane not in PLANE_CHOICES:
        raise BadInput(f"unknown plane '{plane}'", f"Use one of {', '.join(PLANE_CHOICES)}")
    if len(shape) == 3:
        plane = "volume"
    elif plane is None:
        plane = "volume" if 3 in card.dimensions else "axial"
    elif plane == "volume" and 3 not in card.dimensions:
        raise BadInput(f"method {card.name} fuses pictures, not volumes in 3-D (plane 'volume')",
                       "Choose the plane axial, coronal, sagittal or all")
    if plane in (*PLANES, "all") and 2 not in card.dimensions:
        raise BadInput(f"method {card.name} fuses volumes in 3-D, not slices (plane '{plane}')",
                       "Choose the plane volume")
    spatial = shape[1:] if plane == "volume" else shape[2:]
    check_sources(card, np.broadcast_to(np.float32(0), (1, shape[0], *spatial)))
    return plane


def _check_values(sources: Array) -> None:
    low, high = float(sources.min()), float(sources.max())
    if not (low >= 0.0 and high <= 1.0):
        raise BadInput(f"sources range from {low:g} to {high:g}, not within 0 to 1",
                       "Apply a window first, and replace values that are not finite")


def _plan_memory(method: Method, sources: Array, validity: Mask | None, plane: str, tile: int | None,
                 more: int) -> int | None:
    """The tile edge to use (None: the whole at once); raises ``BadInput`` when no way fits the memory.

    ``more`` are the bytes that are needed beside those that the sources ask for.
    """
    card, field = method.card, receptive_field(method)
    if tile is not None and (tile < 1 or field is None or sources.ndim != 4 or plane != "volume"):
        raise BadInput(f"method {card.name} cannot fuse tiles of {tile} voxels here",
                       "Leave the tile out; tiles are for volumes in 3-D and methods with a receptive field")
    free = available_bytes()
    if free is None:
        return tile
    can_tile = field is not None and plane == "volume" and sources.ndim == 4
    for edge in (tile, *_TILES) if tile is None and can_tile else (tile,):
        needed = more + needed_bytes(card, sources.shape, plane, validity is not None, edge, field)
        if needed <= free:
            return edge
    raise BadInput(f"method {card.name} needs about {needed / 2**30:.1f} GiB for sources of shape "
                   f"{tuple(sources.shape)}, but {free / 2**30:.1f} GiB are free",
                   "Resample to a coarser grid, fuse slice by slice (plane axial) or choose another method")


def needed_bytes(card: Card, shape: tuple[int, ...], plane: str, masked: bool = True, tile: int | None = None,
                 field: int | None = None) -> int:
    """The memory (bytes) that a fusion takes at its peak beside its sources of ``shape`` (source, *spatial).

    ``plane`` is one of ``PLANE_CHOICES``, ``masked`` whether a source has a field of view of its own, ``tile`` the
    edge of the blocks and ``field`` the method's receptive field.
    """
    sources = 4 * prod(shape)
    if plane != "volume":
        work = _batch(shape, PLANES.get(plane, 0), card.workspace)[1]
    else:
        work = sources if tile is None else 4 * tiled_voxels(shape, tile, field or 0)
    # Beside the method's own work: the filled sources, the batch and the result.
    return (6 if masked else 2) * sources + int(work * card.workspace)


def _batch(shape: tuple[int, ...], axis: int, workspace: float) -> tuple[int, int]:
    """How many slices along ``axis`` fit one batch (at least one), and the bytes of such a batch."""
    slice_bytes = 4 * prod(shape) // shape[axis + 1]
    count = max(1, int(_BATCH_BYTES / (slice_bytes * (1.0 + workspace))))
    return count, count * slice_bytes


def _fuse_slices(method: Method, sources: Array, masks: Mask | None, axis: int, progress: Progress) -> Array:
    """Fuse all slices along ``axis`` in batches of bounded memory."""
    slices = np.moveaxis(sources, axis + 1, 0)
    fused: Array | None = None
    count, _ = _batch(sources.shape, axis, method.card.workspace)
    start = 0
    while start < len(slices):
        progress("fuse", start / len(slices), f"slices {start + 1} to {min(start + count, len(slices))}")
        part = np.s_[start:start + count]
        extra = {} if masks is None else {"validity": np.moveaxis(masks, axis + 1, 0)[part]}
        batch = np.ascontiguousarray(slices[part])
        made = attempt(partial(_call, method, batch, extra))
        if made is not None:
            fused = np.empty((len(made), *sources.shape[1:]), np.float32) if fused is None else fused
            np.moveaxis(fused, axis + 1, 1)[:, part] = made
            start += count
        elif len(batch) > 1:
            count = len(batch) // 2
        else:
            raise _no_memory(method, "one slice at a time")
    assert fused is not None
    return fused


def _fuse_volume(method: Method, sources: Array, masks: Mask | None, tile: int | None, progress: Progress) -> Array:
    """Fuse ``(source, *spatial)`` at once or in blocks of ``tile``, in smaller ones where memory runs out."""
    field = receptive_field(method)
    smaller = _TILES if field is not None and sources.ndim == 4 else ()
    whole = partial(_fuse_one, method)
    for edge in (tile, *(edge for edge in smaller if tile is None or edge < tile)):
        work = partial(whole, sources, masks) if edge is None else partial(
            fuse_tiles, whole, sources, masks, edge, field or 0, progress)
        fused = attempt(work)
        if fused is not None:
            return fused
    raise _no_memory(method, "in the smallest blocks")


def _no_memory(method: Method, how: str) -> BadInput:
    return BadInput(f"memory ran out in method {method.card.name}, {how}",
                    "Free memory, compute on the cpu, resample to a coarser grid or choose another method")


def _fuse_one(method: Method, sources: Array, masks: Mask | None) -> Array:
    """Fuse ``(source, *spatial)`` at once, to ``(plane, *spatial)``."""
    fused: Array = _call(method, sources[None], {} if masks is None else {"validity": masks[None]})[:, 0]
    return fused


def _call(method: Method, batch: Array, extra: dict[str, Any]) -> Array:
    """The fused items of ``batch``, ``(plane, batch, *spatial)``."""
    fused: Array = np.asarray(method.fuse(batch, **extra), dtype=np.float32)
    planes: Array = np.moveaxis(fused, 1, 0)
    return planes
