"""The classes that Slicer looks for; the work is in MedFusionLib."""

import sys
from importlib.util import find_spec
from pathlib import Path

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

if find_spec("MedFusionLib") is None:
    # A source checkout: the library lies one folder up. Installed or built, it lies beside this file.
    sys.path.append(str(Path(__file__).resolve().parent.parent))

from MedFusionLib.ui.logic import MedFusionLogic


class MedFusion(ScriptedLoadableModule):
    """What Slicer's module list shows."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("MedFusion")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Registration")]
        parent.dependencies = []
        parent.contributors = ["MedFusion contributors"]
        parent.helpText = _(
            "Aligns the volumes of one patient, fuses them, measures the result and records how it was made. "
            "Research software, not for clinical use."
        )
        parent.acknowledgementText = _("Registration by BRAINSFit, elastix and SimpleITK.")
        slicer.app.connect("startupCompleted()", self.onStartupCompleted)

    def onStartupCompleted(self):
        from MedFusionLib.scene.sample_data import register_sample_data

        register_sample_data()


class MedFusionWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's panel: loads the .ui file and follows the scene. What it shows is in MedFusionLib.ui."""

    def __init__(self, parent=None):
        VTKObservationMixin.__init__(self)
        self.panel = None
        self.parameters = None
        # Without a parent this calls setup().
        ScriptedLoadableModuleWidget.__init__(self, parent)

    def setup(self):
        from MedFusionLib.ui.panel import Panel
        from MedFusionLib.ui.parameter_node import parameter_node

        ScriptedLoadableModuleWidget.setup(self)
        # Made before the selectors watch the scene, each of which would look through it again.
        parameters = parameter_node()
        contents = slicer.util.loadUI(self.resourcePath("UI/MedFusion.ui"))
        self.layout.addWidget(contents)
        self.ui = slicer.util.childWidgetVariables(contents)
        contents.setMRMLScene(slicer.mrmlScene)
        self.logic = MedFusionLogic()
        self.panel = Panel(self.ui, self.logic)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        for event in (scene.EndCloseEvent, scene.EndImportEvent):
            self.addObserver(scene, event, self.onSceneReplaced)
        # The end of a batch too: within one the panel does not look.
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndBatchProcessEvent):
            self.addObserver(scene, event, self.panel.update)
        self.setParameterNode(parameters)

    def cleanup(self):
        self.removeObservers()
        if self.panel is not None:
            self.panel.close()

    def enter(self):
        # Connecting the widgets takes a moment, and setup has just done it when the module is opened first.
        if self.parameters is None:
            self.initializeParameterNode()

    def exit(self):
        self.setParameterNode(None)

    def onSceneStartClose(self, caller, event):
        self.setParameterNode(None)

    def onSceneReplaced(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        from MedFusionLib.ui.parameter_node import parameter_node

        self.setParameterNode(parameter_node())

    def setParameterNode(self, parameters):
        if self.parameters is not None:
            self.removeObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self.panel.update)
        self.parameters = parameters
        if parameters is not None:
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self.panel.update)
        self.panel.attach(parameters)

    def onReload(self):
        # Slicer executes this file again, but keeps the modules it imports.
        for name in [name for name in sys.modules if name.split(".")[0] == "MedFusionLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class MedFusionTest(ScriptedLoadableModuleTest):
    """What must hold inside Slicer: the cases of MedFusionLib.ui.selftest. The library's own tests run under pytest."""

    def __init__(self, *args, **kwargs):
        ScriptedLoadableModuleTest.__init__(self, *args, **kwargs)
        from MedFusionLib.ui.selftest import SelfTest

        self.cases = SelfTest()

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_1_panel_fuses_and_a_saved_scene_reopens_as_it_was(self):
        self.cases.panel_fuses_and_a_saved_scene_reopens_as_it_was()

    def test_2_bad_inputs_are_told_and_leave_the_scene_alone(self):
        self.cases.bad_inputs_are_told_and_leave_the_scene_alone()

    def test_3_cancel_returns_at_once_and_leaves_nothing(self):
        self.cases.cancel_returns_at_once_and_leaves_nothing()

    def test_4_every_back_end_that_is_present_aligns_and_three_methods_are_measured(self):
        self.cases.every_back_end_that_is_present_aligns_and_three_methods_are_measured()

    def test_5_methods_without_their_packages_are_told(self):
        self.cases.methods_without_their_packages_are_told()
