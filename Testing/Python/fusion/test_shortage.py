"""Memory that runs out is answered with smaller batches and blocks, which give the same voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.inference import fuse_arrays
from MedFusionLib.fusion.shortage import attempt


def torch_shortage() -> Exception:
    torch = pytest.importorskip("torch")
    error: Exception = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    return error


def torch_host_shortage() -> Exception:
    return RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")


SHORTAGES = [MemoryError, torch_shortage, torch_host_shortage]


class Small:
    """The Laplacian pyramid on a device that holds ``room`` voxels of the sources at once."""

    def __init__(self, room: int, error: Callable[[], Exception] = MemoryError, dimensions: tuple[int, ...] = (2, 3)):
        self._method = catalog.load("laplacian", levels=2)
        self.card = replace(self._method.card, dimensions=dimensions)
        self.receptive_field = 12
        self.asked: list[tuple[int, ...]] = []
        self._room, self._error = room, error

    def fuse(self, sources: Any) -> Any:
        self.asked.append(sources.shape)
        if sources.size > self._room:
            raise self._error()
        return self._method.fuse(sources)


def noise(*shape: int) -> Any:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


@pytest.mark.parametrize("error", SHORTAGES)
def test_slices_are_taken_in_smaller_batches(error: Callable[[], Exception]) -> None:
    sources, method = noise(2, 11, 16, 14), Small(3 * 2 * 16 * 14, error, (2,))
    fused = fuse_arrays(method, sources, plane="axial")
    np.testing.assert_array_equal(fused, fuse_arrays(catalog.load("laplacian", levels=2), sources, plane="axial"))
    assert [shape[0] for shape in method.asked] == [11, 5, 2, 2, 2, 2, 2, 1]


def test_a_volume_is_taken_in_smaller_blocks() -> None:
    sources, method = noise(2, 20, 150, 330), Small(2 * 20 * 150 * 256)
    fused = fuse_arrays(method, sources, plane="volume")
    whole = fuse_arrays(catalog.load("laplacian", levels=2), sources, plane="volume")
    np.testing.assert_allclose(fused, whole, atol=1e-6)
    # At once; in blocks of 256, of which the first with its overlap of 64 is too large as well; and in blocks of 128.
    assert method.asked[:2] == [(1, *sources.shape), (1, 2, 20, 150, 320)]
    assert len(method.asked) == 2 + 2 * 3


@pytest.mark.parametrize(("plane", "shape"), [("axial", (2, 5, 16, 14)), ("volume", (2, 5, 16, 14))])
def test_when_the_smallest_part_is_too_large_it_is_told(plane: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="memory ran out in method laplacian"):
        fuse_arrays(Small(10), noise(*shape), plane=plane)


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        fuse_arrays(Small(10, lambda: RuntimeError("a bug")), noise(2, 5, 16, 14), plane="axial")


@pytest.mark.parametrize("error", SHORTAGES)
def test_what_was_held_is_let_go_before_the_next_attempt(error: Callable[[], Exception]) -> None:
    import weakref

    held: list[Any] = []

    def work() -> None:
        large = noise(10)
        held.append(weakref.ref(large))
        raise error()

    assert attempt(work) is None
    assert held[0]() is None
