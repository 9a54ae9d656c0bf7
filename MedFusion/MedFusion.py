"""The classes that Slicer looks for; the work is in MedFusionLib."""

import sys
from importlib.util import find_spec
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

if find_spec("MedFusionLib") is None:
    # A source checkout: the library lies one folder up. Installed or built, it lies beside this file.
    sys.path.append(str(Path(__file__).resolve().parent.parent))

from MedFusionLib import __version__
from MedFusionLib.scene import MedFusionLogic


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


class MedFusionWidget(ScriptedLoadableModuleWidget):
    """The panel: so far it says what is installed and how to use it from Python."""

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = MedFusionLogic()
        self.about = qt.QLabel(self.logic.about())
        self.about.wordWrap = True
        self.about.textInteractionFlags = qt.Qt.TextSelectableByMouse
        self.layout.addWidget(self.about)
        self.layout.addStretch(1)

    def onReload(self):
        # Slicer executes this file again, but keeps the modules it imports.
        for name in [name for name in sys.modules if name.split(".")[0] == "MedFusionLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class MedFusionTest(ScriptedLoadableModuleTest):
    """What must hold inside Slicer; the library's own tests run under pytest."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_the_panel_names_the_installed_version()
        self.setUp()
        self.test_a_volume_below_a_transform_is_taken_where_it_lies()

    def test_the_panel_names_the_installed_version(self):
        assert __version__ in MedFusionLogic().about()

    def test_a_volume_below_a_transform_is_taken_where_it_lies(self):
        import numpy as np
        import vtk

        from MedFusionLib.geometry import ijk_to_ras
        from MedFusionLib.scene import node_from_volume, volume_from_node

        node = slicer.util.addVolumeFromArray(np.arange(60, dtype=np.int16).reshape(5, 4, 3), name="CT")
        node.SetSpacing(1.0, 2.0, 3.0)
        shift = vtk.vtkMatrix4x4()
        shift.SetElement(0, 3, 25.0)
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(shift)
        node.SetAndObserveTransformNodeID(transform.GetID())

        volume = volume_from_node(node)
        made = node_from_volume(slicer.mrmlScene, volume, "copy")

        assert volume.modality == "CT"
        assert ijk_to_ras(volume.image)[0, 3] == 25.0
        assert node.GetParentTransformNode() == transform
        assert (slicer.util.arrayFromVolume(made) == slicer.util.arrayFromVolume(node)).all()
