"""Augmentation: presets of MONAI's and TorchIO's transforms, and of some of our own, on batches of training pairs."""

from MedFusionLib.training.augmentation.apply import augment, find
from MedFusionLib.training.augmentation.presets import DEFAULT, PRESETS
from MedFusionLib.training.augmentation.sampling import balanced_draw, balanced_weights
from MedFusionLib.training.augmentation.step import Preset, Step

__all__ = ["DEFAULT", "PRESETS", "Preset", "Step", "augment", "balanced_draw", "balanced_weights", "find"]
