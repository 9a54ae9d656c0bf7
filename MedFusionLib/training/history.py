"""What is told of a training while it runs: a JSON file, and TensorBoard's logs where that is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from MedFusionLib.files import write_whole
from MedFusionLib.record import plain

NAME = "history.json"


class History:
    """Writes the entries of a training's history to ``folder``, each with step, seconds, train and validation."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME
        self._board: Any = None
        if find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "log"))

    def tell(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write all ``entries``, of which the last is new."""
        write_whole(self._file, (json.dumps(plain(list(entries)), indent=1) + "\n").encode())
        if self._board is not None:
            newest = entries[-1]
            for side in ("train", "validation"):
                for name, value in newest[side].items():
                    self._board.add_scalar(f"{side}/{name}", value, newest["step"])
            self._board.flush()

    def close(self) -> None:
        """End the log."""
        if self._board is not None:
            self._board.close()
