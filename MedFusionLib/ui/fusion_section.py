"""Fusion: family, method with its card, its parameters, windows, plane and device."""

from __future__ import annotations

from MedFusionLib.errors import BadInput
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.automatic import AUTO, PREFERRED, resolve
from MedFusionLib.fusion.card import Card
from MedFusionLib.fusion.device import DEVICES
from MedFusionLib.fusion.inference import needed_bytes
from MedFusionLib.fusion.memory import available_bytes
from MedFusionLib.intensity import WINDOWS
from MedFusionLib.ui.account import memory_text
from MedFusionLib.ui.bindings import Bindings, fill
from MedFusionLib.ui.card_form import CardForm
from MedFusionLib.ui.choices import Choices
from MedFusionLib.ui.decisions import missing_packages, planes_for
from MedFusionLib.ui.form_fields import card_html, reference_link
from MedFusionLib.ui.parameter_node import ROWS, Parameters, method_parameters, set_method_parameters
from MedFusionLib.ui.toolkit import Ui, qt
from MedFusionLib.ui.translation import tr as _


class FusionSection:
    """The choices of the fusion. The catalog fills the lists, the card of the method its form."""

    def __init__(self, ui: Ui, bindings: Bindings) -> None:
        self._ui, self._bindings = ui, bindings
        self.form = CardForm(ui.parametersContents, self._keep)
        fill(ui.familyCombo, [(name, title, "") for name, title in _families().items()])
        fill(ui.deviceCombo, [(name, title, "") for name, title in _devices().items()])
        bindings.combo(ui.methodCombo, "method")
        bindings.combo(ui.planeCombo, "plane")
        bindings.combo(ui.deviceCombo, "device")
        ui.familyCombo.connect("currentIndexChanged(int)", self._choose_family)
        ui.referenceButton.connect("clicked()", self._open_reference)
        for row in ROWS:
            combo = getattr(ui, f"{row.prefix}WindowCombo")
            for name in ("", *WINDOWS):
                combo.addItem(name)
            combo.lineEdit().placeholderText = _("by modality")
            bindings.text(combo, row.window)

    def before_show(self, parameters: Parameters) -> None:
        """Fill the lists that depend on what is chosen, before the bindings choose in them."""
        card = self._card(parameters)
        if card is None:
            return
        method = parameters.method
        self._choose_silently(AUTO if method == AUTO else card.family)
        cards = [entry for entry in catalog.cards() if entry.family == card.family]
        fill(self._ui.methodCombo, [(AUTO, card.title, card_html(card))] if method == AUTO else
             [(entry.name, _titled(entry), card_html(entry)) for entry in cards])
        fill(self._ui.planeCombo, [(name, _planes()[name], "") for name in planes_for(method)])

    def update(self, parameters: Parameters, choices: Choices) -> None:
        """Show the card, its form and the memory, and a window for each chosen volume."""
        card = self._card(parameters)
        if card is None:
            # A method of another version's scene: nothing of the method before may seem to be its.
            self._ui.summaryLabel.text = self._ui.memoryLabel.text = ""
            self.form.clear()
        else:
            missing = missing_packages((card.name,)).get(card.name, ())
            self._ui.methodCombo.toolTip = card_html(card, missing)
            self._ui.summaryLabel.text = " ".join([card.summary + ".", *_why(parameters.method, card)])
            self._ui.summaryLabel.toolTip = card_html(card, missing)
            self._ui.referenceButton.toolTip = _("Opens the paper: {reference}").format(reference=card.reference)
            if parameters.method == AUTO:
                self.form.clear()
            else:
                self.form.show(card, method_parameters(parameters, card.name))
            self._ui.memoryLabel.text = _memory(card, choices)
        for row in ROWS:
            node = parameters.getValue(row.volume)
            for part in ("WindowLabel", "WindowCombo"):
                getattr(self._ui, f"{row.prefix}{part}").setVisible(node is not None)
            getattr(self._ui, f"{row.prefix}WindowLabel").toolTip = node.GetName() if node is not None else ""

    def _card(self, parameters: Parameters) -> Card | None:
        """The card of the method in force; a method that this installation does not know is shown as none."""
        try:
            return catalog.card(resolve(parameters.method, parameters.plane))
        except BadInput:
            return None

    def _choose_silently(self, family: str) -> None:
        blocked = self._ui.familyCombo.blockSignals(True)
        self._ui.familyCombo.setCurrentIndex(self._ui.familyCombo.findData(family))
        self._ui.familyCombo.blockSignals(blocked)

    def _choose_family(self, index: int) -> None:
        """The first method of the family that was chosen."""
        family = self._ui.familyCombo.itemData(index)
        parameters = self._bindings.parameters
        if family == AUTO and parameters is not None:
            parameters.method = AUTO
        # The sort is stable: what is not trained comes last.
        cards = sorted((card for card in catalog.cards() if card.family == family), key=lambda c: c.trained is False)
        names = [card.name for card in cards]
        if parameters is not None and names and parameters.method not in names:
            parameters.method = names[0]

    def _keep(self, values: dict[str, object]) -> None:
        parameters = self._bindings.parameters
        if parameters is not None:
            set_method_parameters(parameters, parameters.method, values)

    def _open_reference(self) -> None:
        parameters = self._bindings.parameters
        card = self._card(parameters) if parameters is not None else None
        if card is not None:
            qt.QDesktopServices.openUrl(qt.QUrl(reference_link(card.reference)))


def _memory(card: Card, choices: Choices) -> str:
    """What the fusion will need; empty while no fixed volume is chosen."""
    if choices.fixed is None or len(choices.fixed.shape) != 3 or 0 in choices.fixed.shape:
        return ""
    plane = choices.plane or ("volume" if 3 in card.dimensions else "axial")
    shape = (max(len(choices.volumes), card.sources[0]), *choices.fixed.shape)
    return memory_text(needed_bytes(card, shape, plane) + 4 * shape[0] * shape[1] * shape[2] * shape[3],
                       available_bytes())


def _why(method: str, card: Card) -> list[str]:
    """Why an automatic choice fell on ``card``, and what a better one would need."""
    if method != AUTO:
        return []
    best = catalog.card(PREFERRED[0])
    missing = catalog.missing_packages(best)
    better = [_("{title} has better figures: choose it by name, and Apply offers to install {packages}.").format(
        title=best.title, packages=", ".join(missing))]
    return [_("Chosen as the best method that can run here."), *(better if missing else [])]


def _titled(card: Card) -> str:
    return _("{title} (not trained)").format(title=card.title) if card.trained is False else card.title


def _families() -> dict[str, str]:
    """Those families that have a method, with their titles."""
    titles = {AUTO: _("Automatic"), "rule": _("Rules, voxel by voxel"), "multiscale": _("Multiscale transforms"),
              "sparse": _("Sparse coding"), "cnn": _("Convolutional networks"), "gan": _("Generative networks"),
              "transformer": _("Transformers")}
    there = {AUTO, *(card.family for card in catalog.cards())}
    return {name: title for name, title in titles.items() if name in there}


def _planes() -> dict[str, str]:
    return {"": _("What suits the method"), "axial": _("Axial slices"), "coronal": _("Coronal slices"),
            "sagittal": _("Sagittal slices"), "all": _("Mean of the three planes"), "volume": _("Whole volume in 3-D")}


def _devices() -> dict[str, str]:
    titles = {"auto": _("Automatic"), "cpu": _("Processor"), "cuda": _("Graphics card (CUDA)"),
              "mps": _("Graphics of the Mac (MPS)")}
    return {name: titles.get(name, name) for name in DEVICES}
