"""Inside Slicer: its own BRAINSFit finds a known motion, and a cancel in its middle leaves nothing."""

import os
import time
import unittest

import numpy as np
import SimpleITK as sitk
import slicer

from MedFusionLib.registration.masks import body
from MedFusionLib.registration.transforms import centre, distances, sample_points
from MedFusionLib.resample import resample
from MedFusionLib.scene import MedFusionLogic, node_from_volume, transform_from_node, volume_from_node
from MedFusionLib.scene.sample_data import load_sample
from MedFusionLib.volume import Volume

MEDIAN_MM, MAX_MM = 0.15, 0.40
CANCEL_SECONDS, ENDED_SECONDS = 1.0, 5.0


def _seen_elsewhere(ct: Volume, truth: sitk.Transform) -> Volume:
    """The CT after the motion ``truth``, on another grid, with values like those of a T1 MR, and noise."""
    size, spacing = np.array([100, 96, 60]), np.array([2.1, 2.1, 3.0])
    grid = sitk.Image(size.tolist(), sitk.sitkUInt8)
    grid.SetSpacing(spacing.tolist())
    grid.SetOrigin((np.array(truth.TransformPoint(centre(ct).tolist())) - size * spacing / 2).tolist())
    seen, inside = resample(ct, Volume(grid), truth.GetInverse())
    bright = np.interp(seen.array, [-1000, -300, -100, 20, 80, 200, 600, 2000], [20, 60, 900, 400, 500, 250, 120, 60])
    noisy = np.where(inside, bright + np.random.default_rng(3).normal(0, 27, bright.shape), 0.0)
    return seen.like(noisy.astype(np.float32), modality="MR", name="seen elsewhere", unit="")


def _files():
    """What lies in Slicer's temporary folder, but for the settings of an application that keeps them there."""
    return set(os.listdir(slicer.app.temporaryPath)) - {os.path.basename(slicer.app.slicerUserSettingsFilePath)}


def _nodes():
    return {slicer.mrmlScene.GetNthNode(index).GetID() for index in range(slicer.mrmlScene.GetNumberOfNodes())}


@unittest.skipUnless(hasattr(slicer.modules, "brainsfit"), "this Slicer was built without BRAINSFit")
class BrainsfitInSlicerTest(unittest.TestCase):
    """The bundled CT and the same, moved by 9 degrees and 16 mm."""

    def setUp(self):
        slicer.mrmlScene.Clear()
        self.fixed = load_sample(slicer.mrmlScene)[0]
        self.volume = volume_from_node(self.fixed)
        self.truth = sitk.VersorRigid3DTransform()
        self.truth.SetCenter(centre(self.volume).tolist())
        self.truth.SetRotation((0.2, -0.4, 0.9), np.radians(9.0))
        self.truth.SetTranslation((12.0, -8.0, 7.0))
        self.moving = node_from_volume(slicer.mrmlScene, _seen_elsewhere(self.volume, self.truth))

    def test_a_known_motion_is_found_and_only_its_transform_is_added(self):
        before, files = _nodes(), _files()
        made = MedFusionLogic().register(self.fixed, self.moving, registration="brainsfit")
        found = transform_from_node(made.transform)
        errors = distances(found, self.truth, sample_points(self.volume, body(self.volume), 3000))
        print(f"error over the body: median {np.median(errors):.3f} mm, greatest {errors.max():.3f} mm")
        assert made.engine == "brainsfit"
        assert np.median(errors) <= MEDIAN_MM
        assert errors.max() <= MAX_MM
        assert self.moving.GetParentTransformNode() is None
        added = [slicer.mrmlScene.GetNodeByID(name) for name in _nodes() - before]
        assert not [node.GetID() for node in added if node.IsA("vtkMRMLVolumeNode")]
        assert not [node.GetID() for node in added if node.IsA("vtkMRMLCommandLineModuleNode")]
        assert _files() == files

    def test_a_cancel_while_brainsfit_runs_leaves_nothing(self):
        before, files = _nodes(), _files()
        job = MedFusionLogic().startRegistration(self.fixed, self.moving, registration="brainsfit")
        while job.poll() and not slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLCommandLineModuleNode"):
            slicer.app.processEvents()
            time.sleep(0.02)
        assert job.state == "running", job.error
        began = time.perf_counter()
        job.cancel()
        assert time.perf_counter() - began < CANCEL_SECONDS
        # Where the CLI was still writing its inputs, its hidden nodes go as soon as that has ended.
        while _nodes() != before and time.perf_counter() - began < ENDED_SECONDS:
            slicer.app.processEvents()
        assert _nodes() == before
        assert _files() == files


if __name__ == "__main__":
    unittest.main()
