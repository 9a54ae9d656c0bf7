"""Inputs: which volumes, of which modality, shown how; mask, initial transform and landmarks."""

from __future__ import annotations

from collections.abc import Callable

from MedFusionLib.colour import COLOUR_MAPS
from MedFusionLib.modality import MODALITIES
from MedFusionLib.scene.mrml import mrml
from MedFusionLib.ui.bindings import Bindings, fill
from MedFusionLib.ui.choices import Choices
from MedFusionLib.ui.decisions import rows_to_show
from MedFusionLib.ui.parameter_node import MOVING, ROWS, Parameters, Row
from MedFusionLib.ui.reading import read_row
from MedFusionLib.ui.toolkit import Ui
from MedFusionLib.ui.translation import tr as _


class InputsSection:
    """The rows of Inputs. A row for a further moving volume appears when the one before is filled."""

    def __init__(self, ui: Ui, bindings: Bindings) -> None:
        self._ui, self._bindings = ui, bindings
        self._seen: dict[str, str] = {}
        for row in ROWS:
            modality = getattr(ui, f"{row.prefix}ModalityCombo")
            fill(modality, [(name, name, "") for name in MODALITIES])
            bindings.combo(modality, row.modality, self._modality_of(row))
        for row in MOVING:
            colours = getattr(ui, f"{row.prefix}ColoursCombo")
            fill(colours, [(name, text, "") for name, text in _looks()])
            bindings.combo(colours, row.colours, self._colours_of(row))

    def attach(self, parameters: Parameters | None) -> None:
        """Take the volumes of ``parameters`` as they are; only a later change of volume forgets its modality."""
        self._seen = _identities(parameters) if parameters is not None else {}

    def forget_changed(self, parameters: Parameters) -> None:
        """A row with another volume than before loses what was chosen for the old one."""
        now = _identities(parameters)
        changed = [row for row in ROWS if now[row.volume] != self._seen.get(row.volume, "")]
        self._seen = now
        for row in changed:
            for name in (row.modality, row.colours, row.window):
                parameters.setValue(name, "")

    def update(self, parameters: Parameters, choices: Choices) -> None:
        """Show the rows that are needed."""
        filled = [parameters.getValue(row.volume) is not None for row in MOVING]
        shown = rows_to_show(filled)
        for index, row in enumerate(MOVING):
            visible, full = index < shown, filled[index]
            for part in ("Label", "Selector"):
                getattr(self._ui, f"{row.prefix}{part}").setVisible(visible)
            for part in ("ModalityCombo", "ColoursCombo"):
                getattr(self._ui, f"{row.prefix}{part}").setVisible(visible and full)
        self._ui.fixedModalityCombo.setVisible(parameters.fixed_volume is not None)
        self._ui.sampleDataButton.setVisible(mrml().mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode") is None)

    def _modality_of(self, row: Row) -> Callable[[str], str]:
        """What the row's modality box shows: the modality in force."""

        def shown(chosen: str) -> str:
            volume = read_row(self._bindings.parameters, row)
            return volume.modality if volume else chosen

        return shown

    def _colours_of(self, row: Row) -> Callable[[str], str]:
        """What the row's colour box shows: the colour map in force."""

        def shown(chosen: str) -> str:
            volume = read_row(self._bindings.parameters, row)
            return volume.colour_map if volume else chosen

        return shown


def _identities(parameters: Parameters) -> dict[str, str]:
    nodes = {row.volume: parameters.getValue(row.volume) for row in ROWS}
    return {name: node.GetID() if node is not None else "" for name, node in nodes.items()}


def _looks() -> list[tuple[str, str]]:
    """The roles a moving volume can have: anatomical in grey, or functional with a colour map."""
    functional = [(name, _("Functional, {colours}").format(colours=name)) for name in COLOUR_MAPS if name != "grey"]
    return [("grey", _("Anatomical, grey")), *functional, ("own", _("Its own colours"))]
