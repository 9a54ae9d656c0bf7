"""The logic as it is in Slicer: what was started goes on by itself, for Qt has timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from MedFusionLib.progress import Progress
from MedFusionLib.scene import logic
from MedFusionLib.ui.ticker import Ticker

if TYPE_CHECKING:
    from MedFusionLib.scene.job import Job, Task

Outcome = TypeVar("Outcome")
# A timer lives as long as Python holds it, and must not go while it is just calling.
_tickers: list[Ticker] = []


class MedFusionLogic(logic.MedFusionLogic):
    """Takes volume nodes of a scene and returns nodes; a job that it starts is polled by a timer."""

    def _begin(self, task: Task[Outcome], progress: Progress, done: Callable[[Job[Outcome]], object] | None
               ) -> Job[Outcome]:
        job = super()._begin(task, progress, done)
        _tickers[:] = [ticker for ticker in _tickers if ticker.is_running]
        _tickers.append(Ticker(job.poll))
        _tickers[-1].start()
        return job
