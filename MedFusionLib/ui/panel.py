"""The panel: its sections, one parameter node, and what a click does."""

from __future__ import annotations

import json
from typing import Any

from MedFusionLib.errors import BadInput, MedFusionError
from MedFusionLib.resources import resource
from MedFusionLib.scene.dependencies import missing
from MedFusionLib.scene.existing_output import put_into
from MedFusionLib.scene.mrml import mrml
from MedFusionLib.scene.sample_data import load_sample
from MedFusionLib.ui.account import one_line, style, verdict_lines
from MedFusionLib.ui.advanced_section import AdvancedSection
from MedFusionLib.ui.bindings import Bindings
from MedFusionLib.ui.choices import Choices
from MedFusionLib.ui.compare_section import CompareSection
from MedFusionLib.ui.decisions import Problem, problems
from MedFusionLib.ui.fusion_section import FusionSection
from MedFusionLib.ui.inputs_section import InputsSection
from MedFusionLib.ui.outcome import Outcome, last_outcome, present
from MedFusionLib.ui.output_section import OutputSection
from MedFusionLib.ui.parameter_node import Parameters
from MedFusionLib.ui.reading import fill_inputs, read_choices
from MedFusionLib.ui.recipes import recipe_of
from MedFusionLib.ui.registration_section import RegistrationSection
from MedFusionLib.ui.run_control import RunControl
from MedFusionLib.ui.toolkit import Ui
from MedFusionLib.ui.translation import tr as _


class Panel:
    """Brings the sections together. ``attach`` gives it a parameter node, ``close`` ends all that goes on."""

    def __init__(self, ui: Ui, logic: Any) -> None:
        self._ui = ui
        self._parameters: Parameters | None = None
        self._gui_tag: int | None = None
        self._updating = False
        self.bindings = Bindings()
        self.inputs = InputsSection(ui, self.bindings)
        self.registration = RegistrationSection(ui, self.bindings, self.tell)
        self.fusion = FusionSection(ui, self.bindings)
        self.output = OutputSection(ui)
        self.compare = CompareSection(ui, self.bindings, self.tell)
        self.advanced = AdvancedSection(ui, self.bindings, self.tell, _models())
        self.run = RunControl(ui, logic, self.tell, self.advanced.log)
        self.run.on_change = self.update
        self.run.on_done = self._take
        ui.applyButton.connect("clicked()", self.apply)
        ui.compareButton.connect("clicked()", self.apply_compare)
        ui.sampleDataButton.connect("clicked()", self.load_sample)
        self.tell("", "")

    def attach(self, parameters: Parameters | None) -> None:
        """Show ``parameters`` from now on; None: show none."""
        if self._parameters is not None and self._gui_tag is not None:
            self._parameters.disconnectGui(self._gui_tag)
        self._parameters, self._gui_tag = parameters, None
        if parameters is not None:
            fill_inputs(mrml().mrmlScene, parameters)
        self.inputs.attach(parameters)
        if parameters is not None:
            self.output.begin(parameters.blend)
            self._gui_tag = parameters.connectGui(self._ui)
        self.bindings.attach(None)
        self.bindings.parameters = parameters
        self.update()

    def close(self) -> None:
        """Cancel the job, end timers and temporary views, let go of the parameter node."""
        self.run.close()
        self.registration.close()
        self.attach(None)

    def update(self, *_: object) -> None:
        """Show everything as the parameter node and the scene are now."""
        parameters = self._parameters
        if parameters is None or self._updating or mrml().mrmlScene.IsBatchProcessing():
            return
        self._updating = True
        try:
            self.inputs.forget_changed(parameters)
            self.fusion.before_show(parameters)
            self.bindings.show()
            self._show(parameters, read_choices(parameters))
        finally:
            self._updating = False

    def apply(self) -> None:
        """Start, or cancel what goes on."""
        if self.run.is_running:
            self.run.cancel()
        elif self._parameters is not None:
            self._start(self._parameters, ())

    def apply_compare(self) -> None:
        """Start the comparison of the ticked methods."""
        if self._parameters is not None and not self.run.is_running:
            self._start(self._parameters, tuple(self._parameters.compare_methods))

    def load_sample(self) -> None:
        """Load the bundled patient and choose its volumes."""
        try:
            load_sample(mrml().mrmlScene)
        except MedFusionError as error:
            self.tell("reject", str(error))
            return
        if self._parameters is not None:
            fill_inputs(mrml().mrmlScene, self._parameters)
        self.tell("plain", _("The bundled patient is loaded. Click Apply to align and fuse its volumes."))

    def tell(self, kind: str, text: str) -> None:
        """Show a message below Apply: ``kind`` is accept, warn, reject or plain; no text hides it."""
        self._ui.messageLabel.setStyleSheet(style(kind))
        self._ui.messageLabel.text = text
        self._ui.messageLabel.setVisible(bool(text))

    def outcome(self) -> Outcome:
        """The last run as far as it is in the scene."""
        return last_outcome(mrml().mrmlScene, self._parameters)

    def _start(self, parameters: Parameters, methods: tuple[str, ...]) -> None:
        self.registration.show("")
        self.run.start(parameters, read_choices(parameters), methods)

    def _show(self, parameters: Parameters, choices: Choices) -> None:
        idle = not self.run.is_running
        self.inputs.update(parameters, choices)
        self.fusion.update(parameters, choices)
        outcome = last_outcome(mrml().mrmlScene, parameters)
        self.registration.show_outcome(verdict_lines(outcome.record), outcome.pairs)
        self.output.update(outcome)
        self.compare.update(parameters, choices, idle)
        self.advanced.update(outcome)
        self.run.show()
        self._show_apply(problems(choices), choices, idle)

    def _show_apply(self, found: list[Problem], choices: Choices, idle: bool) -> None:
        lacking = [] if found else missing(recipe_of(choices))
        found = found or [Problem(str(one), _("Choose another method")) for one in lacking if one.source == "Slicer"]
        self._ui.applyButton.enabled = not idle or not found
        self._ui.applyButton.toolTip = (
            _("End the run. The scene stays as it was before.") if not idle
            else found[0].text if found else _("Align, fuse and measure"))
        offers = _("Apply offers to install what is missing. {what}.").format(what="; ".join(map(str, lacking)))
        hint = found[0].text if found else offers if lacking else ""
        self._ui.hintLabel.text = hint if idle else ""
        self._ui.hintLabel.setVisible(bool(hint) and idle)

    def _take(self, result: Any, compares: bool, parameters: Parameters) -> None:
        """Keep the nodes of ``result`` in the parameter node, and tell how it went."""
        scene = mrml().mrmlScene
        fused = list(result.fused)
        output = present(scene, parameters.output_volume)
        if output is not None and not compares:
            fused[-1] = put_into(scene, output, fused[-1])
        modified = parameters.StartModify()
        parameters.last_record, parameters.fused_volume = result.record, fused[-1]
        parameters.metrics_table = None if compares else result.metrics
        if compares:
            parameters.compare_record, parameters.compare_table = result.record, result.metrics
            self._ui.compareCollapsibleButton.collapsed = False
        else:
            self._ui.outputCollapsibleButton.collapsed = False
        parameters.EndModify(modified)
        record = json.loads(result.record.GetText())
        lines = verdict_lines(record)
        worst = next((kind for kind in ("reject", "warn") if any(line.decision == kind for line in lines)), "accept")
        name = one_line(fused[-1].GetName())
        names = _("{count} fused volumes to compare").format(count=len(fused)) if compares else name
        self.tell(worst, _("Done: {names}").format(names=names) if worst == "accept" else _(
            "Done: {names}. Look at the registration before you trust it.").format(names=names))
        self.update()
        self.output.show_result()


def _models() -> Any:
    """The folder of installed models; one that is not there when the installation has none."""
    try:
        return resource("Models")
    except BadInput:
        return resource() / "Models"
