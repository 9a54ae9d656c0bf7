"""Apply and Cancel: one job at a time, its progress told, its end taken into the panel."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from MedFusionLib.errors import MedFusionError
from MedFusionLib.fusion.automatic import resolve
from MedFusionLib.scene.dependencies import ensure
from MedFusionLib.ui.account import clock, progress_text
from MedFusionLib.ui.choices import Choices
from MedFusionLib.ui.parameter_node import Parameters
from MedFusionLib.ui.reading import input_nodes
from MedFusionLib.ui.recipes import recipe_of
from MedFusionLib.ui.ticker import Ticker
from MedFusionLib.ui.toolkit import Ui
from MedFusionLib.ui.translation import tr as _

# Takes the result, whether it is a comparison, and the parameter node that it was started from.
Done = Callable[[Any, bool, Parameters], None]


class RunControl:
    """Starts a job on the logic, watches it, and cancels it."""

    def __init__(self, ui: Ui, logic: Any, tell: Callable[[str, str], None], log: Callable[[str], None]) -> None:
        """``tell(kind, text)`` shows a message, ``log(text)`` adds a line to the log."""
        self._ui, self._logic, self._tell, self._log = ui, logic, tell, log
        self._job: Any = None
        self._parameters: Parameters | None = None
        self._compares = False
        self._stage = ""
        self._ticker = Ticker(self._tick)
        self.on_change: Callable[[], None] = lambda: None
        self.on_done: Done = lambda result, compares, parameters: None

    @property
    def is_running(self) -> bool:
        """Whether a job goes on: then nothing else can be started."""
        return self._job is not None

    def start(self, parameters: Parameters, choices: Choices, methods: tuple[str, ...] = ()) -> None:
        """Run what is chosen; with ``methods``, a comparison of them. A job that goes on is left alone."""
        if self._job is not None:
            return
        self._parameters, self._compares, self._stage = parameters, bool(methods), ""
        try:
            recipe = recipe_of(choices)
            ensure(recipe, methods)
            fixed, *moving = input_nodes(parameters)
            self._job = self._logic.start(fixed, moving, recipe, **_extras(parameters, choices, methods))
        except Exception as error:
            self._tell_fault(error)
            return
        self._tell("", "")
        self._log(_("Started: {method}").format(method=", ".join(methods) or resolve(choices.method, choices.plane)))
        self._ticker.start()
        self.on_change()

    def cancel(self) -> None:
        """End the job that goes on, if any; the scene is as before it."""
        if self._job is not None:
            self._job.cancel()
            self._tick()

    def close(self) -> None:
        """End everything, and look no more."""
        if self._job is not None:
            self._job.cancel()
        self._job = None
        self._ticker.stop()

    def show(self) -> None:
        """Apply or Cancel, and the bar while a job goes on."""
        running = self._job is not None
        self._ui.applyButton.text = _("Cancel") if running else _("Apply")
        self._ui.progressBar.setVisible(running)
        self._ui.progressLabel.setVisible(running)

    def _tick(self) -> bool:
        job = self._job
        if job is None:
            return False
        if job.poll():
            self._ui.progressBar.value = int(1000 * job.fraction)
            self._ui.progressLabel.text = progress_text(job.stage, job.message, job.seconds)
            if job.stage != self._stage:
                self._stage = job.stage
                self._log(progress_text(job.stage, job.message, job.seconds))
            return True
        self._job = None
        self._ticker.stop()
        self._end(job)
        self.on_change()
        return False

    def _end(self, job: Any) -> None:
        if job.state == "done":
            self._log(_("Done in {time}").format(time=clock(job.seconds)))
            self._hand_over(job.result)
        elif job.state == "cancelled":
            self._tell("plain", _("Cancelled. The scene is as before."))
            self._log(_("Cancelled"))
        else:
            self._tell_fault(job.error)

    def _hand_over(self, result: Any) -> None:
        """Give ``result`` to whoever waits for it, also when the user has left the module meanwhile."""
        try:
            self.on_done(result, self._compares, self._parameters)
        except Exception as error:
            self._tell_fault(error)

    def _tell_fault(self, error: Exception) -> None:
        """One line for the user; what nobody foresaw also goes to Slicer's log with its traceback."""
        text = str(error)
        if not isinstance(error, MedFusionError):
            logging.error("MedFusion: unexpected error", exc_info=error)
            text = _("Unexpected {kind}: {text}").format(kind=type(error).__name__, text=error)
        self._tell("reject", text)
        self._log(text)


def _extras(parameters: Parameters, choices: Choices, methods: tuple[str, ...]) -> dict[str, Any]:
    """The keyword arguments of the logic's ``start`` beside volumes and recipe."""
    extras: dict[str, Any] = {"modalities": [volume.modality for volume in choices.volumes]}
    if parameters.mask is not None:
        extras["mask"] = parameters.mask
    if parameters.initial_transform is not None:
        extras["initialTransform"] = parameters.initial_transform
    if parameters.fixed_landmarks is not None and parameters.moving_landmarks is not None:
        extras["landmarks"] = (parameters.fixed_landmarks, parameters.moving_landmarks)
    if methods:
        extras["methods"] = list(methods)
    return extras
