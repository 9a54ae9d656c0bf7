"""The form of a method's parameters, made from its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from MedFusionLib.fusion.card import Card
from MedFusionLib.ui.form_fields import Field, changed_values, fields_of
from MedFusionLib.ui.toolkit import Widget, qt
from MedFusionLib.ui.translation import tr as _


class CardForm:
    """One widget for each parameter of a card. ``on_change`` gets the values that are not at their defaults."""

    def __init__(self, place: Widget, on_change: Callable[[dict[str, Any]], None]) -> None:
        """``place`` is the widget in whose layout the form stands."""
        self._place, self._on_change = place, on_change
        self._card: Card | None = None
        self._inner: Widget | None = None
        self._values: dict[str, Any] = {}
        self.widgets: dict[str, Widget] = {}

    def show(self, card: Card, given: Mapping[str, Any]) -> None:
        """Show ``card`` with the values ``given``; nothing happens when it shows them already."""
        fields = fields_of(card, given)
        values = {field.name: field.value for field in fields}
        if card is self._card and values == self._values:
            return
        self._card, self._values = card, values
        self._clear()
        self._inner = qt.QWidget()
        form = qt.QFormLayout(self._inner)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        for field in fields:
            widget = _MAKERS[field.kind](field, self._setter(field.name))
            widget.toolTip = field.help
            widget.objectName = f"parameter_{field.name}"
            self.widgets[field.name] = widget
            form.addRow(field.title + ":", widget)
        if not fields:
            form.addRow(qt.QLabel(_("This method has no parameters.")))
        self._place.layout().addWidget(self._inner)

    def clear(self) -> None:
        """Show no card."""
        self._card, self._values = None, {}
        self._clear()

    def _clear(self) -> None:
        self.widgets = {}
        if self._inner is not None:
            self._place.layout().removeWidget(self._inner)
            self._inner.hide()
            self._inner.deleteLater()
            self._inner = None

    def _setter(self, name: str) -> Callable[[Any], None]:
        def set_value(value: Any) -> None:
            self._values = {**self._values, name: value}
            if self._card is not None:
                self._on_change(changed_values(self._card, self._values))

        return set_value


def _combo(field: Field, changed: Callable[[Any], None]) -> Widget:
    widget = qt.QComboBox()
    for choice in field.choices:
        widget.addItem(str(choice))
    widget.setCurrentIndex(field.choices.index(field.value))
    widget.connect("currentIndexChanged(int)", lambda index: changed(field.choices[index]))
    return widget


def _check_box(field: Field, changed: Callable[[Any], None]) -> Widget:
    widget = qt.QCheckBox()
    widget.checked = field.value
    widget.connect("toggled(bool)", changed)
    return widget


def _spin_box(field: Field, changed: Callable[[Any], None]) -> Widget:
    widget = qt.QSpinBox()
    widget.setRange(int(field.minimum), int(field.maximum))
    widget.value = field.value
    widget.connect("valueChanged(int)", changed)
    return widget


def _double_spin_box(field: Field, changed: Callable[[Any], None]) -> Widget:
    widget = qt.QDoubleSpinBox()
    widget.decimals = field.decimals
    widget.setRange(field.minimum, field.maximum)
    widget.singleStep = field.step
    widget.value = field.value
    widget.connect("valueChanged(double)", changed)
    return widget


def _line_edit(field: Field, changed: Callable[[Any], None]) -> Widget:
    widget = qt.QLineEdit(str(field.value))
    widget.connect("editingFinished()", lambda: changed(widget.text))
    return widget


_MAKERS: dict[str, Callable[[Field, Callable[[Any], None]], Widget]] = {
    "choice": _combo,
    "flag": _check_box,
    "whole": _spin_box,
    "number": _double_spin_box,
    "text": _line_edit,
}
