"""Widgets that show a parameter and set it: combo boxes by their items' data, editable ones by their text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from MedFusionLib.ui.parameter_node import Parameters
from MedFusionLib.ui.toolkit import Widget


class Bindings:
    """Keeps widgets and parameter node in step; what the user changes is written, what is written is shown."""

    def __init__(self) -> None:
        self.parameters: Parameters | None = None
        self._writers: list[Callable[[], None]] = []
        self._showing = False

    def attach(self, parameters: Parameters | None) -> None:
        """Show ``parameters`` from now on; None: show none, and write nowhere."""
        self.parameters = parameters
        self.show()

    def show(self) -> None:
        """Set every widget to what its parameter says."""
        if self.parameters is None or self._showing:
            return
        with self._quiet():
            for writer in self._writers:
                writer()

    def combo(self, widget: Widget, name: str, shown: Callable[[str], str] = str) -> None:
        """Bind a combo box: the current item's data is the parameter. ``shown`` says what to show for a value."""

        def read(index: int) -> None:
            self._set(name, widget.itemData(index) if index >= 0 else "")

        def write() -> None:
            index = widget.findData(shown(self._get(name)))
            if widget.currentIndex != index:
                widget.setCurrentIndex(index)

        widget.connect("currentIndexChanged(int)", read)
        self._writers.append(write)

    def text(self, widget: Widget, name: str) -> None:
        """Bind an editable combo box: its text is the parameter."""

        def write() -> None:
            if widget.currentText != self._get(name):
                widget.setEditText(self._get(name))

        widget.connect("editTextChanged(QString)", lambda value: self._set(name, value))
        self._writers.append(write)

    def check(self, widget: Widget, name: str) -> None:
        """Bind a check box."""

        def write() -> None:
            widget.setChecked(bool(self._get(name)))

        widget.connect("toggled(bool)", lambda value: self._set(name, value))
        self._writers.append(write)

    def _get(self, name: str) -> str:
        assert self.parameters is not None
        value: str = self.parameters.getValue(name)
        return value

    def _set(self, name: str, value: object) -> None:
        if self.parameters is not None and not self._showing and self.parameters.getValue(name) != value:
            self.parameters.setValue(name, value)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        self._showing = True
        try:
            yield
        finally:
            self._showing = False


def fill(widget: Widget, items: Sequence[tuple[str, str, str]]) -> None:
    """Fill a combo box with (data, text, tooltip), keeping what is chosen; silent, and nothing when it has them."""
    current = [(widget.itemData(index), widget.itemText(index)) for index in range(widget.count)]
    if current == [(data, text) for data, text, _ in items]:
        return
    chosen = widget.currentData if not callable(widget.currentData) else widget.currentData()
    blocked = widget.blockSignals(True)
    widget.clear()
    for index, (data, text, tip) in enumerate(items):
        widget.addItem(text, data)
        widget.setItemData(index, tip, TOOL_TIP_ROLE)
    widget.setCurrentIndex(widget.findData(chosen))
    widget.blockSignals(blocked)


TOOL_TIP_ROLE = 3  # qt.Qt.ToolTipRole
