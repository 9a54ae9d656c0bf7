"""Output: what the last run made, how to look at it, and its figures."""

from __future__ import annotations

from MedFusionLib.scene.blend import blend
from MedFusionLib.scene.layout import show_volumes
from MedFusionLib.scene.mrml import mrml
from MedFusionLib.ui.account import one_line
from MedFusionLib.ui.figures import show_figures
from MedFusionLib.ui.outcome import Outcome
from MedFusionLib.ui.toolkit import Ui
from MedFusionLib.ui.translation import tr as _


class OutputSection:
    """The last result: shown on a click, blended by a slider, measured in a table."""

    def __init__(self, ui: Ui) -> None:
        self._ui = ui
        self._outcome: Outcome | None = None
        self._position = 1.0
        self._shown: tuple[str, int] = ("", 0)
        ui.showResultButton.connect("clicked()", self.show_result)
        ui.blendSlider.connect("valueChanged(double)", self.blend)

    def begin(self, position: float) -> None:
        """Take ``position`` as where the slider stands: showing a parameter node must not change the views."""
        self._position = position

    def update(self, outcome: Outcome) -> None:
        """Show ``outcome``, or that there is none."""
        self._outcome = outcome
        there = outcome.fused is not None
        for part in (self._ui.showResultButton, self._ui.blendContents):
            part.setVisible(there)
        self._ui.metricsTableWidget.setVisible(outcome.metrics is not None)
        self._ui.resultLabel.text = (
            _("No result yet.") if outcome.fused is None
            else _("{name}: for looking, not for measuring. Read HU and SUV from the sources.").format(
                name=one_line(outcome.fused.GetName())))
        shown = (outcome.metrics.GetID(), outcome.metrics.GetMTime()) if outcome.metrics is not None else ("", 0)
        if outcome.metrics is not None and shown != self._shown:
            show_figures(self._ui.metricsTableWidget, outcome.metrics)
        self._shown = shown

    def show_result(self) -> None:
        """Three linked views with the sources and the fused volume, the figures beside them."""
        if self._outcome is None or self._outcome.fused is None:
            return
        show_volumes(mrml().mrmlScene, self._outcome.sources, self._outcome.fused, self._outcome.metrics)

    def blend(self, position: float) -> None:
        """Mix sources and fused in the slice views; nothing while there is no result."""
        if position == self._position:
            return
        self._position = position
        if self._outcome is not None and self._outcome.fused is not None:
            blend(mrml().mrmlScene, self._outcome.sources, self._outcome.fused, position)
