"""Made sources of which everything is known: smooth anatomy and noise, grey or in colour, in 2-D and 3-D."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from MedFusionLib.colour import luma
from MedFusionLib.intensity import Window
from MedFusionLib.layers import Layer
from MedFusionLib.volume import Array

PICTURE, VOLUME = (128, 128), (28, 48, 48)


def smooth(shape: tuple[int, ...], seed: int, sigma: float = 6.0, low: float = 0.3, high: float = 0.7) -> Array:
    """Smooth random anatomy from ``low`` to ``high``."""
    field = gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma)
    field = (field - field.min()) / (field.max() - field.min())
    return (low + (high - low) * field).astype(np.float32)


def noisy(shape: tuple[int, ...], seed: int) -> Array:
    """Anatomy with noise of 0.02."""
    noise = np.random.default_rng(seed + 1000).normal(0.0, 0.02, shape)
    return np.clip(smooth(shape, seed, low=0.35, high=0.5) + noise, 0.0, 1.0).astype(np.float32)


def layer(grey: Array, name: str = "source", colour: Array | None = None) -> Layer:
    """A layer that sees everything."""
    validity = np.ones(grey.shape, bool)
    if colour is None:
        return Layer(name, grey, validity, Window(0.0, 1.0), "grey")
    return Layer(name, luma(colour), validity, Window(0.0, 1.0), "own", colour)


def pair(shape: tuple[int, ...], seed: int = 1) -> list[Layer]:
    """Two grey sources that have nothing to do with one another."""
    return [layer(noisy(shape, seed), "A"), layer(noisy(shape, seed + 50), "B")]
