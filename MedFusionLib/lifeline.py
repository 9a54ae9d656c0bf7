"""The line on which a program holds the command line that it has started: when it breaks, the work is cancelled.

It is the child's standard input, of which only the starter holds the other end. So it breaks when the starter cancels
and also when the starter is gone, and it reaches through Slicer's PythonSlicer: that is a launcher, which a signal
would end alone, leaving Python behind.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
from collections.abc import Mapping

#: Set to this, the environment says that the standard input is a lifeline.
ENVIRONMENT = {"MEDFUSION_LIFELINE": "stdin"}
# On Windows, a thread that waits for standard input blocks whatever library asks of it when it is loaded.
POSSIBLE = os.name == "posix"


def hold(environment: Mapping[str, str] = os.environ) -> None:
    """Where there is a lifeline, let the main thread be told by SIGTERM's handler when it breaks."""
    if POSSIBLE and ENVIRONMENT.items() <= dict(environment).items():
        threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    # Not sys.stdin: its lock, held by a thread, would stop the interpreter from ending.
    while os.read(0, 1):
        pass
    _thread.interrupt_main(signal.SIGTERM)
