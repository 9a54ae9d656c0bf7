"""``python -m MedFusionLib`` is the command ``medfusion``."""

import sys

from MedFusionLib.cli import main

if __name__ == "__main__":
    sys.exit(main())
