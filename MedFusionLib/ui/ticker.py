"""A timer that asks a job how it goes, because jobs have no timer of their own."""

from __future__ import annotations

from collections.abc import Callable

from MedFusionLib.ui.toolkit import qt

INTERVAL_MS = 50


class Ticker:
    """Calls ``tick`` on the main thread until it returns False."""

    def __init__(self, tick: Callable[[], bool]) -> None:
        self._tick = tick
        self._busy = False
        self._timer = qt.QTimer()
        self._timer.setInterval(INTERVAL_MS)
        self._timer.connect("timeout()", self._timeout)

    def start(self) -> None:
        """Begin to call."""
        self._timer.start()

    def stop(self) -> None:
        """Call no more."""
        self._timer.stop()

    def _timeout(self) -> None:
        # A tick may process events, and so come here again.
        if self._busy:
            return
        self._busy = True
        try:
            goes_on = self._tick()
        except BaseException:
            self.stop()
            raise
        finally:
            self._busy = False
        if not goes_on:
            self.stop()
