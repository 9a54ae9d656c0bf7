"""Registration: method, transform, preset; afterwards the verdicts, and views to check the alignment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from MedFusionLib.errors import MedFusionError
from MedFusionLib.registration.engines import ALL, ENGINES
from MedFusionLib.scene.mrml import Node, mrml
from MedFusionLib.ui.account import VerdictLine, style
from MedFusionLib.ui.bindings import Bindings, fill
from MedFusionLib.ui.presets import presets
from MedFusionLib.ui.toolkit import Ui, Widget, qt
from MedFusionLib.ui.translation import tr as _

if TYPE_CHECKING:
    from MedFusionLib.scene.checkerboard import AlignmentView

FLICKER_MS = 700


class RegistrationSection:
    """The choices of the registration, and what came of it."""

    def __init__(self, ui: Ui, bindings: Bindings, tell: Callable[[str, str], None]) -> None:
        """``tell(kind, text)`` shows a message in the panel."""
        self._ui, self._tell = ui, tell
        self._view: AlignmentView | None = None
        self._pairs: list[tuple[Node, Node]] = []
        self._lines: list[VerdictLine] = []
        fill(ui.registrationCombo, _methods())
        fill(ui.transformCombo, _transforms())
        fill(ui.presetCombo, [(name, preset.title, preset.help) for name, preset in presets().items()])
        bindings.combo(ui.registrationCombo, "registration")
        bindings.combo(ui.transformCombo, "transform")
        bindings.combo(ui.presetCombo, "preset")
        bindings.check(ui.continueCheckBox, "continue_on_rejection")
        self._timer = qt.QTimer()
        self._timer.setInterval(FLICKER_MS)
        self._timer.connect("timeout()", self._next)
        self._modes = {"checkerboard": ui.checkerboardButton, "flicker": ui.flickerButton,
                       "complementary": ui.complementaryButton}
        for mode, button in self._modes.items():
            button.connect("clicked(bool)", lambda checked, mode=mode: self.show(mode if checked else ""))
        ui.checkVolumeCombo.connect("currentIndexChanged(int)", lambda index: self.show(""))

    def show_outcome(self, lines: Sequence[VerdictLine], pairs: Sequence[tuple[Node, Node]]) -> None:
        """Show the verdicts, and offer to check each of ``pairs`` (fixed node, aligned node)."""
        if list(lines) != self._lines:
            self._lines = list(lines)
            self._fill_verdicts()
        if [pair[1] for pair in pairs] != [pair[1] for pair in self._pairs]:
            self.show("")
        self._pairs = list(pairs)
        fill(self._ui.checkVolumeCombo, [(moved.GetID(), moved.GetName(), "") for _fixed, moved in pairs])
        if self._ui.checkVolumeCombo.currentIndex < 0 and pairs:
            self._ui.checkVolumeCombo.setCurrentIndex(0)
        self._ui.checkContents.setVisible(bool(pairs))

    def show(self, mode: str) -> None:
        """Look at the chosen pair in ``mode``; "" ends the look, and the slice views show what they did before."""
        self._timer.stop()
        if self._view is not None:
            self._view.close()
            self._view = None
        index = self._ui.checkVolumeCombo.currentIndex
        if mode and 0 <= index < len(self._pairs):
            # It loads SimpleITK, which opening the panel need not wait for.
            from MedFusionLib.scene.checkerboard import show_checkerboard

            try:
                fixed, moved = self._pairs[index]
                self._view = show_checkerboard(mrml().mrmlScene, fixed, moved, mode)
            except MedFusionError as error:
                self._tell("reject", str(error))
                mode = ""
        for name, button in self._modes.items():
            button.setChecked(name == mode)
        if mode == "flicker":
            self._timer.start()

    def close(self) -> None:
        """End what goes on: the timer and the look."""
        self.show("")

    def _next(self) -> None:
        if self._view is None or not self._view.is_open:
            self.show("")
            return
        self._view.next()

    def _fill_verdicts(self) -> None:
        layout = self._ui.verdictContents.layout()
        _empty(layout)
        for line in self._lines:
            label = qt.QLabel(f"{line.title}\n{line.details}" if line.details else line.title)
            label.wordWrap = True
            label.textInteractionFlags = qt.Qt.TextSelectableByMouse
            label.setStyleSheet(style(line.decision))
            label.toolTip = _("The judgement of this registration, with the numbers it rests on.")
            layout.addWidget(label)
        self._ui.verdictContents.setVisible(bool(self._lines))


def _empty(layout: Widget) -> None:
    while layout.count():
        widget = layout.takeAt(0).widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def _methods() -> list[tuple[str, str, str]]:
    titles = {"brainsfit": _("BRAINSFit"), "elastix": _("Elastix"), "simpleitk": _("SimpleITK"),
              "landmarks": _("Landmarks"), "none": _("Already aligned")}
    tips = {"none": _("Takes the volumes as they lie. The position is still checked by a search, which takes some "
                      "seconds.")}
    engines = [(name, titles.get(name, name), tips.get(name, engine.summary)) for name, engine in ENGINES.items()]
    return [("auto", _("Automatic"), _("Searches twice, independently; takes the best engine that is installed")),
            *engines]


def _transforms() -> list[tuple[str, str, str]]:
    titles = {"rigid": (_("Rigid"), _("Shift and turn: 6 numbers")),
              "similarity": (_("Similarity"), _("Shift, turn and one scale: 7 numbers")),
              "affine": (_("Affine"), _("Also shear and three scales: 12 numbers")),
              "bspline": (_("Deformable (B-spline)"), _("Bends; needs longer and more care"))}
    return [(kind, *titles[kind]) for kind in ALL]
