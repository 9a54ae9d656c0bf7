"""Memory that is freed and taken again, at every step of image work, without asking the system each time."""

from __future__ import annotations

import ctypes
import platform

# Of glibc's malloc.h: its numbers for what may be set.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: Arrays below this come from memory that is kept, as much as glibc allows; larger ones go back at once.
_LARGE = 32 * 2**20
#: So much freed memory is kept.
_KEPT = 512 * 2**20


def keep_memory() -> bool:
    """Let this process keep up to half a gigabyte that arrays below 32 MB have freed; True where that can be done.

    By default glibc gives such memory back and asks for it again at once; each of its pages then costs a fault, a
    quarter of the time of the metrics of a pair of pictures. For a process of our own (the command line): it changes
    how the whole process allocates. Nothing is done without glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_THRESHOLD, _LARGE)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))
