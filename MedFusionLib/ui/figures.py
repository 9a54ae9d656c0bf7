"""Figures as a table of the panel: items with the metrics' titles, help and the best in bold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from MedFusionLib.scene.mrml import Node
from MedFusionLib.ui.account import best_of, metric_help, metric_title
from MedFusionLib.ui.figures_of import columns_of
from MedFusionLib.ui.toolkit import Widget, qt

_TEXT_COLUMNS = ("fused", "method")


def show_figures(widget: Widget, table: Node) -> None:
    """A metric a row, a fused volume a column: what a narrow panel can show."""
    columns = columns_of(table)
    metrics = [name for name in columns if name not in _TEXT_COLUMNS]
    fused = columns.get("fused", [""])
    _prepare(widget, len(metrics), 1 + len(fused), ["", *(fused if len(fused) > 1 else [""])])
    for row, name in enumerate(metrics):
        widget.setItem(row, 0, _item(metric_title(name), metric_help(name)))
        for column, value in enumerate(columns[name], start=1):
            widget.setItem(row, column, _item(_number(value), metric_help(name), right=True))
    _fit(widget)


def show_comparison(widget: Widget, table: Node, titles: Sequence[str]) -> None:
    """A method a row (``titles``, in the table's order), a metric a column; the best of each in bold."""
    columns = columns_of(table)
    metrics = [name for name in columns if name not in _TEXT_COLUMNS]
    _prepare(widget, len(titles), 1 + len(metrics), ["", *map(_heading, metrics)])
    for row, title in enumerate(titles):
        widget.setItem(row, 0, _item(title, columns["fused"][row] if "fused" in columns else title))
    for column, name in enumerate(metrics, start=1):
        best = best_of(name, columns[name])
        widget.horizontalHeaderItem(column).setToolTip(f"{metric_title(name)}. {metric_help(name)}")
        for row, value in enumerate(columns[name]):
            widget.setItem(row, column, _item(_number(value), metric_help(name), right=True, bold=row == best))
    _fit(widget)


def _prepare(widget: Widget, rows: int, count: int, headers: Sequence[str]) -> None:
    widget.clear()
    widget.setRowCount(rows)
    widget.setColumnCount(count)
    widget.setHorizontalHeaderLabels(list(headers))
    widget.verticalHeader().setVisible(False)


def _item(text: str, tip: str, right: bool = False, bold: bool = False) -> Widget:
    item = qt.QTableWidgetItem(text)
    item.setToolTip(tip)
    if right:
        item.setTextAlignment(int(qt.Qt.AlignRight | qt.Qt.AlignVCenter))
    if bold:
        font = item.font()
        font.setBold(True)
        item.setFont(font)
    return item


def _heading(name: str) -> str:
    """A metric's short name, a word a line, with the arrow of its title."""
    arrow = metric_title(name)[-2:] if metric_title(name)[-1:] in "↑↓" else ""
    return name.replace("_", "\n") + arrow


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) and value == value else "–" if isinstance(value, float) else str(
        value)


def _fit(widget: Widget) -> None:
    """Just as high as its rows, so that the panel scrolls and not the table."""
    line = widget.fontMetrics().height() + 8
    header = widget.horizontalHeader()
    titles = [widget.horizontalHeaderItem(column).text() for column in range(widget.columnCount)]
    lines = max(title.count("\n") + 1 for title in titles)
    header.setVisible(any(titles))
    header.setFixedHeight(line + (lines - 1) * widget.fontMetrics().height())
    widget.resizeColumnsToContents()
    header.setStretchLastSection(True)
    for row in range(widget.rowCount):
        widget.setRowHeight(row, line)
    scroll_bar = line if widget.horizontalScrollBarPolicy != qt.Qt.ScrollBarAlwaysOff else 0
    above = line * lines if any(titles) else 0
    widget.setFixedHeight(above + line * widget.rowCount + 2 * widget.frameWidth + scroll_bar)
