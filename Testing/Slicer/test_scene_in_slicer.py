"""Inside Slicer: a run's nodes in the application's own scene, and a scene bundle from outside opened in it."""

import tempfile
import time
import unittest
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import slicer

from MedFusionLib.scene import MedFusionLogic, transform_from_node, vocabulary, write_scene

LIBRARIES = ("array_api_compat", "pywt")


def _add_volume(name: str, shape: tuple, spacing: tuple) -> object:
    """A volume with a bright ellipsoid in noise, centred at the origin."""
    rng = np.random.default_rng(7)
    axes = [np.linspace(-1, 1, count) for count in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    voxels = 500.0 * ((x / 0.6) ** 2 + (y / 0.4) ** 2 + (z / 0.7) ** 2 < 1) + rng.normal(0, 5, shape)
    node = slicer.util.addVolumeFromArray(voxels.astype(np.float32), name=name)
    node.SetSpacing(*spacing)
    node.SetOrigin(*[-0.5 * step * (count - 1) for step, count in zip(spacing, shape[::-1], strict=True)])
    return node


@unittest.skipIf([name for name in LIBRARIES if find_spec(name) is None],
                 f"the library needs {' and '.join(LIBRARIES)}, which the panel installs with the user's consent")
class SceneInSlicerTest(unittest.TestCase):
    """Fuses two small volumes of the application's scene."""

    def setUp(self):
        slicer.mrmlScene.Clear()
        self.fixed = _add_volume("CT", (24, 32, 40), (2.0, 2.0, 3.0))
        self.moving = _add_volume("T1 MR", (20, 30, 36), (2.2, 2.1, 3.4))

    def recipe(self):
        from MedFusionLib import Recipe

        return Recipe(method="maximum", registration="none", on_rejection="continue")

    def fuse(self):
        return MedFusionLogic().fuse(self.fixed, [self.moving], self.recipe())

    def test_fusing_adds_nodes_and_leaves_the_inputs_as_they_were(self):
        before = slicer.util.arrayFromVolume(self.moving).copy()
        made = self.fuse()
        assert (slicer.util.arrayFromVolume(self.moving) == before).all()
        assert self.moving.GetParentTransformNode() is None
        assert made.originals == (self.fixed, self.moving)
        fused = made.fused[0]
        assert fused.GetAttribute(vocabulary.PURPOSE) == vocabulary.FOR_LOOKING
        assert fused.GetNodeReference(vocabulary.RECORD).GetText() == made.record.GetText()
        assert slicer.util.arrayFromVolume(fused).shape == (24, 32, 40)
        assert fused.GetDisplayNode().GetColorNode().GetName() == "Grey"
        assert made.metrics.GetNumberOfRows() == 1

    def test_what_was_started_goes_on_by_itself_and_tells_its_end(self):
        from MedFusion import MedFusionLogic as Logic

        ended = []
        job = Logic().start(self.fixed, [self.moving], self.recipe(), onDone=ended.append)
        end = time.perf_counter() + 60
        while not ended and time.perf_counter() < end:
            slicer.app.processEvents()
            time.sleep(0.01)
        assert ended == [job], job.message
        assert job.error is None, job.error
        assert job.result.fusedVolume.GetAttribute(vocabulary.METHOD) == "maximum"

    def test_a_failure_leaves_the_scene_as_it_was(self):
        from MedFusionLib import Recipe
        from MedFusionLib.errors import MedFusionError

        count = slicer.mrmlScene.GetNumberOfNodes()
        try:
            MedFusionLogic().fuse(self.fixed, [], Recipe(method="maximum"))
        except MedFusionError:
            pass
        else:
            self.fail("one volume was fused")
        assert slicer.mrmlScene.GetNumberOfNodes() == count

    def test_volumes_taken_as_aligned_get_an_identity_between_them(self):
        transform = transform_from_node(self.fuse().transforms[1])
        assert np.allclose(transform.TransformPoint((1.0, 2.0, 3.0)), (1.0, 2.0, 3.0))

    def test_a_bundle_written_by_the_library_opens_with_its_views_set(self):
        from MedFusionLib import Recipe, run
        from MedFusionLib.scene import volume_from_node

        result = run([volume_from_node(self.fixed), volume_from_node(self.moving)],
                     Recipe(method="maximum", registration="none", on_rejection="continue"))
        with tempfile.TemporaryDirectory() as folder:
            path = write_scene(result, Path(folder) / "scene.mrb")
            slicer.mrmlScene.Clear()
            slicer.util.loadScene(str(path))
        fused = slicer.util.getNode("fused CT + T1 MR")
        composite = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
        assert composite.GetForegroundVolumeID() == fused.GetID()
        assert composite.GetBackgroundVolumeID() == slicer.util.getNode("CT").GetID()
        assert fused.GetDisplayNode().GetColorNode().GetName() == "Grey"


if __name__ == "__main__":
    unittest.main()
