"""Compare: several methods on the same inputs; their figures in a table, as bars, and each a click away."""

from __future__ import annotations

from collections.abc import Callable

from MedFusionLib.errors import MedFusionError
from MedFusionLib.fusion import catalog
from MedFusionLib.scene.compare_chart import compare_chart, show_method
from MedFusionLib.scene.layout import show_chart
from MedFusionLib.scene.mrml import Node, mrml
from MedFusionLib.ui.bindings import Bindings
from MedFusionLib.ui.choices import Choices
from MedFusionLib.ui.decisions import compare_problems
from MedFusionLib.ui.figures import show_comparison
from MedFusionLib.ui.figures_of import columns_of
from MedFusionLib.ui.form_fields import card_html
from MedFusionLib.ui.outcome import present
from MedFusionLib.ui.parameter_node import Parameters
from MedFusionLib.ui.toolkit import Ui, Widget, qt
from MedFusionLib.ui.translation import tr as _


class CompareSection:
    """The ticked methods, and what the last comparison found."""

    def __init__(self, ui: Ui, bindings: Bindings, tell: Callable[[str, str], None]) -> None:
        """``tell(kind, text)`` shows a message in the panel."""
        self._ui, self._bindings, self._tell = ui, bindings, tell
        self._table: Node | None = None
        self._shown: tuple[str, int] = ("", 0)
        self._filling = False
        for card in (card for card in catalog.cards() if card.trained is not False):
            item = qt.QListWidgetItem(card.title)
            item.setData(qt.Qt.UserRole, card.name)
            item.setToolTip(card_html(card))
            item.setFlags(qt.Qt.ItemIsUserCheckable | qt.Qt.ItemIsEnabled)
            item.setCheckState(qt.Qt.Unchecked)
            ui.compareList.addItem(item)
        ui.compareList.connect("itemChanged(QListWidgetItem*)", self._keep)
        ui.compareTableWidget.connect("cellClicked(int,int)", self.show_row)
        ui.chartButton.connect("clicked()", self.show_chart)

    def update(self, parameters: Parameters, choices: Choices, idle: bool) -> None:
        """Show what is ticked, what keeps it from running, and the last comparison."""
        self._tick(parameters.compare_methods)
        problems = compare_problems(choices)
        self._ui.compareButton.enabled = idle and not problems
        self._ui.compareLabel.text = "" if not problems else problems[0].text
        self._ui.compareLabel.setVisible(bool(problems) and bool(choices.volumes))
        self._table = present(mrml().mrmlScene, parameters.compare_table)
        self._ui.chartButton.enabled = self._table is not None
        self._ui.compareTableWidget.setVisible(self._table is not None)
        self._fill_table()

    def show_row(self, row: int, _column: int) -> None:
        """Show the fused volume of the method in ``row`` in the slice views."""
        if self._table is None:
            return
        methods = columns_of(self._table).get("method", [])
        if row < len(methods):
            self._try(lambda: show_method(mrml().mrmlScene, self._table, methods[row]))

    def show_chart(self) -> None:
        """Show the figures as bars beside the slice views."""
        if self._table is not None:
            self._try(lambda: show_chart(mrml().mrmlScene, compare_chart(mrml().mrmlScene, self._table), self._table))

    def _fill_table(self) -> None:
        shown = (self._table.GetID(), self._table.GetMTime()) if self._table is not None else ("", 0)
        if self._table is not None and shown != self._shown:
            known = {card.name: card.title for card in catalog.cards()}
            methods = columns_of(self._table).get("method", [])
            show_comparison(self._ui.compareTableWidget, self._table, [known.get(name, name) for name in methods])
        self._shown = shown

    def _tick(self, methods: list[str]) -> None:
        self._filling = True
        for index in range(self._ui.compareList.count):
            item = self._ui.compareList.item(index)
            item.setCheckState(qt.Qt.Checked if item.data(qt.Qt.UserRole) in methods else qt.Qt.Unchecked)
        self._filling = False

    def _keep(self, _item: Widget) -> None:
        parameters = self._bindings.parameters
        if parameters is None or self._filling:
            return
        items = [self._ui.compareList.item(index) for index in range(self._ui.compareList.count)]
        parameters.compare_methods = [item.data(qt.Qt.UserRole) for item in items
                                     if item.checkState() == qt.Qt.Checked]

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except MedFusionError as error:
            self._tell("reject", str(error) or _("This cannot be shown"))
