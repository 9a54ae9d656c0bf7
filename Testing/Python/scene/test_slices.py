"""What Slicer's own slice pipeline shows of a written scene, pixel by pixel; no window is needed for that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from made_run import registration, volume
from vtkmodules.util.numpy_support import vtk_to_numpy

from MedFusionLib.colour import colour_table
from MedFusionLib.intensity import Window
from MedFusionLib.pipeline import Result
from MedFusionLib.scene import open_scene, write_scene
from MedFusionLib.volume import Volume

slicer = pytest.importorskip("slicer")
WINDOW = Window(0.0, 100.0)


def smooth(name: str, modality: str) -> Volume:
    """Three soft blobs of up to 100 on the oblique grid of ``made_run.volume``, 32 x 34 x 14 mm."""
    grid = volume(name, modality, (32, 30, 12))
    z, y, x = np.meshgrid(*[np.arange(n) for n in (12, 30, 32)], indexing="ij")
    blobs = [((z - c[0]) / 2.5) ** 2 + ((y - c[1]) / 5) ** 2 + ((x - c[2]) / 6) ** 2
             for c in ((5, 9, 10), (7, 20, 22), (4, 22, 8))]
    return grid.like(np.clip(sum(100 * np.exp(-blob) for blob in blobs), 0, 100).astype(np.float32))


def warp(image: sitk.Image) -> sitk.Transform:
    """A turn, a shift and a gentle B-spline over ``image``."""
    centre = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
    turn = sitk.Euler3DTransform(centre, 0.05, -0.1, 0.15, (4.0, -3.0, 2.0))
    spline = sitk.BSplineTransformInitializer(image, [3, 3, 3])
    count = len(spline.GetParameters())
    spline.SetParameters(np.random.default_rng(3).normal(0, 0.8, count).tolist())
    return sitk.CompositeTransform([turn, spline])


@pytest.fixture
def scene(run: Result, tmp_path: Path):
    fixed, moving = smooth("CT", "CT"), smooth("PET", "PET")
    transform = warp(fixed.image)
    aligned = replace(moving, image=sitk.Resample(moving.image, fixed.image, transform, sitk.sitkLinear, 0.0))
    fused = replace(run.fusions[0], volume=fixed.like(fixed.array / 100, name="fused"), sources=(0, 1))
    result = replace(run, sources=(fixed, aligned), originals=(fixed, moving), windows=(WINDOW, WINDOW),
                     registrations=(None, registration(transform)), colour_maps=("grey", "hot iron"), fusions=(fused,))
    scene = slicer.vtkMRMLScene()
    colours = slicer.vtkMRMLColorLogic()
    colours.SetMRMLScene(scene)
    yield open_scene(write_scene(result, tmp_path / "scene.mrb"), scene)
    colours.SetMRMLScene(None)


def shown(scene, name: str | None, view: str = "Red") -> np.ndarray:
    """The slice view's RGB pixels, floats, of ``name`` alone (None: what the scene says)."""
    composite = scene.GetNodeByID(f"vtkMRMLSliceCompositeNode{view}")
    if name is not None:
        composite.SetBackgroundVolumeID(None)
        composite.SetForegroundVolumeID(scene.GetFirstNodeByName(name).GetID())
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceNode(scene.GetNodeByID(f"vtkMRMLSliceNode{view}"))
    logic.UpdatePipeline()
    connection = logic.GetImageDataConnection()
    connection.GetProducer().Update()
    data = connection.GetProducer().GetOutputDataObject(connection.GetIndex())
    width, height, _ = data.GetDimensions()
    return vtk_to_numpy(data.GetPointData().GetScalars()).reshape(height, width, -1)[..., :3].astype(float)


@pytest.mark.parametrize("view", ["Red", "Green", "Yellow"])
def test_the_original_below_its_transform_is_shown_where_the_aligned_one_lies(scene, view: str) -> None:
    aligned, original = shown(scene, "PET aligned", view), shown(scene, "PET", view)
    assert (aligned.max(axis=-1) > 100).mean() > 0.01, "there is something to see"
    # Interpolated from the original or a second time from the aligned grid: the values differ a little.
    difference = np.abs(aligned - original).mean()
    scene.GetFirstNodeByName("PET").SetAndObserveTransformNodeID(None)
    assert difference < 0.2 * np.abs(aligned - shown(scene, "PET", view)).mean()


def test_a_functional_source_is_shown_in_the_colours_of_its_map(scene) -> None:
    pixels = shown(scene, "PET aligned").reshape(-1, 3)
    table = colour_table("hot iron").astype(float)
    bright = pixels[pixels.sum(axis=-1) > 60][:500]
    distance = np.abs(bright[:, np.newaxis] - table[np.newaxis]).max(axis=-1).min(axis=-1)
    assert len(bright) == 500
    assert distance.max() <= 2


def test_the_scene_opens_with_the_fused_volume_in_sight(scene) -> None:
    pixels = shown(scene, None)
    assert pixels.max() > 150
    np.testing.assert_allclose(pixels[..., 0], pixels[..., 2])  # grey
    # All of the volume is in the picture: nothing bright is cut off at the border.
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert len(np.unique(border.reshape(-1, 3), axis=0)) == 1
