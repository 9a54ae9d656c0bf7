"""Silence for the C and C++ readers, which print their own complaints past Python."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

import SimpleITK as sitk

_ONE_AT_A_TIME = threading.RLock()


class Whispers:
    """What the libraries printed inside ``quiet``; ``text`` is complete once it has ended."""

    def __init__(self) -> None:
        self.text = ""

    def listen(self, file: IO[bytes]) -> None:
        """Take what was printed to ``file``."""
        file.seek(0)
        self.text = file.read().decode(errors="replace")


@contextmanager
def quiet() -> Iterator[Whispers]:
    """Keep ITK, niftilib, MetaIO, libpng, libjpeg and libtiff from printing inside the ``with``.

    Yields what they print. File descriptors 1 and 2 are turned away because those
    libraries do not use ``sys.stderr``; where there are none (a windowed program) nothing is done.
    """
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as file, ExitStack() as undo:
        whispers = Whispers()
        undo.callback(whispers.listen, file)
        undo.callback(sitk.ProcessObject.SetGlobalWarningDisplay,
                      sitk.ProcessObject.GetGlobalWarningDisplay())
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
            if stream is not None:
                stream.flush()
            try:
                kept = os.dup(number)
            except OSError:
                continue
            undo.callback(os.close, kept)
            undo.callback(os.dup2, kept, number)
            os.dup2(file.fileno(), number)
        yield whispers
