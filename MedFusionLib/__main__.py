"""``python -m MedFusionLib`` is the command ``medfusion``."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line of this process; returns the exit code."""
    # Threads of BLAS only wait for each other on arrays of three columns, and they take the other cores with them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from MedFusionLib.allocation import keep_memory
    from MedFusionLib.cli import main as run

    keep_memory()
    return run()


if __name__ == "__main__":
    sys.exit(main())
