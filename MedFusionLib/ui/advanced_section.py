"""Advanced: export to files, recipes, "copy as Python", installed models, and the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from MedFusionLib.errors import BadInput, MedFusionError
from MedFusionLib.recipe import Recipe
from MedFusionLib.ui.account import bytes_text
from MedFusionLib.ui.bindings import Bindings
from MedFusionLib.ui.installed import installed_models
from MedFusionLib.ui.outcome import Outcome
from MedFusionLib.ui.parameter_node import Parameters
from MedFusionLib.ui.reading import read_choices, write_choices
from MedFusionLib.ui.recipes import choices_from, not_shown, recipe_of
from MedFusionLib.ui.toolkit import Ui, qt
from MedFusionLib.ui.translation import tr as _


class AdvancedSection:
    """What most runs do not need."""

    def __init__(self, ui: Ui, bindings: Bindings, tell: Callable[[str, str], None], models: Path) -> None:
        """``tell(kind, text)`` shows a message in the panel; ``models`` is the folder of installed models."""
        self._ui, self._bindings, self._tell = ui, bindings, tell
        self._outcome: Outcome | None = None
        ui.recipePathEdit.nameFilters = [_("Recipe (*.json)")]
        ui.exportButton.connect("clicked()", self._guarded(self.export))
        ui.loadRecipeButton.connect("clicked()", self._guarded(self.load_recipe))
        ui.saveRecipeButton.connect("clicked()", self._guarded(self.save_recipe))
        ui.copyPythonButton.connect("clicked()", self._guarded(self.copy_python))
        found = installed_models(models)
        ui.modelsText.text = "\n".join(f"{model.name}: {bytes_text(model.size)}" for model in found) or _(
            "No learned model is installed. The classical methods need none.")

    def update(self, outcome: Outcome) -> None:
        """Export what ``outcome`` holds, if anything."""
        self._outcome = outcome
        self._ui.exportButton.enabled = outcome.fused is not None

    def log(self, text: str) -> None:
        """Add a line with the time of day."""
        self._ui.logText.appendPlainText(f"{time.strftime('%H:%M:%S')} {text}")

    def export(self) -> None:
        """Write the last run to the chosen folder."""
        from MedFusionLib.ui.export import export_files

        if self._outcome is None or self._outcome.fused is None:
            raise BadInput(_("There is no result to export"), _("Click Apply first"))
        folder = Path(self._ui.exportFolderButton.directory)
        files = export_files(self._outcome, folder)
        self._tell("plain", _("{count} files written to {folder}").format(count=len(files), folder=folder))

    def load_recipe(self) -> None:
        """Take every choice that the recipe file makes."""
        parameters = self._parameters()
        path = self._path()
        recipe = Recipe.read(path)
        write_choices(parameters, choices_from(recipe, read_choices(parameters)))
        lost = not_shown(recipe)
        if lost:
            self._tell("warn", _("{file} is loaded, but the panel cannot show: {fields}. Use the command line for "
                                 "these").format(file=path.name, fields=", ".join(lost)))
        else:
            self._tell("plain", _("{file} is loaded").format(file=path.name))

    def save_recipe(self) -> None:
        """Write every choice to the recipe file."""
        path = self._path()
        if path.suffix != ".json":
            path = path.with_name(path.name + ".json")
        recipe = recipe_of(read_choices(self._parameters()))
        try:
            path.write_text(recipe.to_json() + "\n", encoding="utf-8")
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}", _("Name a file in a folder that you may write to")) from None
        self._tell("plain", _("{file} is saved").format(file=path))

    def copy_python(self) -> None:
        """Put lines for the Python console on the clipboard."""
        # Not at file scope: the panel opens sooner.
        from MedFusionLib.ui.python_text import python_text

        parameters = self._parameters()
        choices = read_choices(parameters)
        if choices.fixed is None or not choices.moving:
            raise BadInput(_("There is nothing to copy yet"), _("Choose a fixed and a moving volume first"))
        keywords = {"mask": "mask", "initialTransform": "initial_transform", "fixedLandmarks": "fixed_landmarks",
                    "movingLandmarks": "moving_landmarks"}
        chosen = {keyword: parameters.getValue(name) for keyword, name in keywords.items()}
        nodes = {keyword: node.GetName() for keyword, node in chosen.items() if node is not None}
        qt.QApplication.clipboard().setText(python_text(choices, recipe_of(choices), nodes))
        self._tell("plain", _("Copied. Paste it into the Python console"))

    def _path(self) -> Path:
        text = self._ui.recipePathEdit.currentPath
        if not text:
            raise BadInput(_("No recipe file is named"), _("Write a file name beside Recipe, or browse for one"))
        return Path(text).expanduser()

    def _parameters(self) -> Parameters:
        if self._bindings.parameters is None:
            raise BadInput(_("The scene is being closed"), _("Try again"))
        return self._bindings.parameters

    def _guarded(self, action: Callable[[], None]) -> Callable[[], None]:
        """``action`` whose errors become a message in the panel."""

        def act() -> None:
            try:
                action()
            except MedFusionError as error:
                self._tell("reject", str(error))

        return act
