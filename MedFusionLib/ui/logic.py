"""The logic as it is in Slicer: what was started goes on by itself, for Qt has timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from MedFusionLib.progress import Progress
from MedFusionLib.scene import logic
from MedFusionLib.ui.ticker import Ticker
from MedFusionLib.ui.toolkit import qt

if TYPE_CHECKING:
    from MedFusionLib.scene.job import Job, Task

Outcome = TypeVar("Outcome")
# A timer lives as long as Python holds it. It must not go while it is just calling, nor hold nodes when Slicer ends.
_tickers: list[Ticker] = []


class MedFusionLogic(logic.MedFusionLogic):
    """Takes volume nodes of a scene and returns nodes; a job that it starts is polled by a timer."""

    def _begin(self, task: Task[Outcome], progress: Progress, done: Callable[[Job[Outcome]], object] | None
               ) -> Job[Outcome]:
        job = super()._begin(task, progress, done)

        def tick() -> bool:
            if job.poll():
                return True
            qt.QTimer.singleShot(0, lambda: _tickers.remove(ticker))
            return False

        ticker = Ticker(tick)
        _tickers.append(ticker)
        ticker.start()
        return job
