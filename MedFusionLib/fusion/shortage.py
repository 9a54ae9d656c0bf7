"""Running out of memory: noticed, given back, and left to the caller to answer with smaller parts."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


def attempt(work: Callable[[], Made]) -> Made | None:
    """What ``work()`` gives; None when memory ran out on the machine or on its graphics card. Other errors pass."""
    try:
        return work()
    except (MemoryError, RuntimeError) as error:
        if not _is_shortage(error):
            raise
    # Only after the error is dropped: it holds the frames, and they the arrays.
    _give_back()
    return None


def _is_shortage(error: Exception) -> bool:
    """Whether ``error`` says that memory ran out; torch's own kinds exist only where torch is imported."""
    torch = sys.modules.get("torch")
    # On the CPU torch raises a plain RuntimeError of its allocator.
    return (isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError))
            or "DefaultCPUAllocator: can't allocate memory" in str(error))


def _give_back() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
